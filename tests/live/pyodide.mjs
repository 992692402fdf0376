/* The face of today's Pyodide before that of 2021, as far as the page's worker needs it: this stands in for `pyodide.mjs` in the tests' runtime. */

/* A module may not import scripts of the old kind: it is given a function that does. */
function runScripts(...addresses) {
  for (const address of addresses) {
    const request = new XMLHttpRequest();
    request.open("GET", address, false);
    request.send();
    (0, eval)(request.responseText);
  }
}

export async function loadPyodide({ indexURL, env }) {
  self.importScripts = runScripts;
  runScripts(`${indexURL}pyodide.js`);
  await self.loadPyodide({ indexURL });
  const old = self.pyodide;
  self.environment = JSON.stringify(env);
  old.runPython("import js, json, os; os.environ.update(json.loads(js.environment))");
  return {
    runPython: (code) => old.runPython(code),
    loadPackage: (names, { messageCallback, errorCallback }) => old.loadPackage(names, messageCallback, errorCallback),
  };
}
