/* The page of results, and those that the dialog shows while one types. The engine and the book's places (builder/pages/search.py) are loaded once somebody searches, this by
the dialog (book.js). */

(() => {
  const root = new URL("..", document.currentScript.src);
  const [shown, shownWhileTyping, shownNearest] = [20, 5, 3];
  const kinds = {
    chapter: "chapter", section: "section", claim: "claim", figure: "figure", question: "problem", term: "word of the glossary", exercise: "exercise", reading: "literature", about: "about the book",
  };
  /* Words that a question has and an answer need not have; what does not happen, an answer tells in its own words. */
  const empty = new Set(
    ("a about after all also am an and any are as at be because been before being between both but by can cannot could did do does doing during each few for from got had has have how i " +
      "if in into is it its just me must my of on one not only or other our out over same should so some such than that the their them then there these they this to too under until up use used " +
      "exist existed existing exists using versus very vs was we were what when where whether which while who why will with would you your").split(" "),
  );
  for (const verb of "are ca could did do does had has have is should was were wo would".split(" ")) empty.add(`${verb}n`).add(`${verb}nt`); // doesn’t, without its end, or as it is typed

  /* Words for the manner in which a thing is told, not for the thing: what a place explains, it explains without them as well. */
  const manner =
    "paradox fallacy myth misconception confusion mistake pitfall trap gotcha caveat dilemma puzzle mystery surprise surprising weird strange misleading criticism debate intuition intuitive understand explain explanation " +
    "interpretation definition example tutorial guide introduction overview beginner basics simple easy tip advice visualisation visualised really actually exactly properly correctly always never forever suddenly please help " +
    "anyone reddit stackoverflow quora blog pdf video course lecture interview question homework faq cheatsheet implement implementation scratch idea work works";

  /* What anything is measured in: the mean of Cauchy data, samples, values is that of Cauchy. */
  const stuff = "data sample value number variable random observation measurement distribution distributed";

  const dictionary = (table) => new Map(Object.entries(table)); // `constructor`, a name of any object's, is none of them

  /* Words for the same thing, one of which the book uses. An interval that is too narrow misses what it should hold. */
  const alike = dictionary({
    normal: "gaussian", ppv: "precision", tpr: "sensitivity", recall: "sensitivity", batchsize: "batch_size", cnn: "convolution", covid: "hubei", corona: "hubei", coronavirus: "hubei", wuhan: "hubei",
    narrow: "short", misses: "short", undercoverage: "coverage", confidence: "interval", propagate: "travel", propagates: "travel", propagated: "travel", propagation: "travel",
    auroc: "auc", imbalance: "imbalanced", rocauc: "auc", tnr: "specificity", dataset: "data", datasets: "data", unbalanced: "imbalanced", sklearn: "scikit",
    asymmetric: "skewed", outlier: "outliers", gpu: "cuda", container: "docker", expectation: "mean", lorentzian: "cauchy", elevator: "cabin", fat: "heavy",
    two: "2", three: "3", four: "4", five: "5", six: "6", seven: "7", eight: "8", nine: "9", ten: "10", twenty: "20", thirty: "30", forty: "40", fifty: "50",
    hundred: "100", thousand: "1000", multiple: "many", settle: "converge", settles: "converge", settled: "converge", settling: "converge", meaning: "interpretation",
  });

  /* Forms of one word that the stemmer does not bring together. */
  const families =
    "coverage cover; convolution convolve conv; assume assumption; decide decision; divide division divisor; define definition; diagnose diagnosis diagnostic; conclude conclusion; expand expansion; fail failure; " +
    "grow growth grown grew; infinite infinity; inverse invert; product produce; reduce reduction; symmetric symmetry; succeed success; vary variation; weight weigh; register registration; " +
    "theory theoretical; multiply multiplication; minimum minimal minimise; maximum maximal maximise; optimum optimal optimise; matrix matrices; mathematics math maths; centre center centred; apply application; " +
    "draw drawn drew; know known knew; learn learnt; take taken took; write written wrote; build built; choose chose chosen choice; prove proof proven; lean leant; forget forgot forgotten; fall fallen fell; " +
    "wide wider widest width; long longer longest length; large larger largest; small smaller smallest; fast faster fastest; slow slower slowest; short shorter shortest; high higher highest; low lower lowest; strong stronger strongest; rare rarer rarest";

  /* What has such a word is found by the wider one too, behind what has that itself. */
  const wider = dictionary({ lognormal: "skewed", pareto: "skewed" });

  /* As the stemmer takes it: without accents, and spelt one way where British and American differ. */
  function plain(term) {
    const word = term.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
    return word
      .replace(/^(\w{3,})iz(e|ed|es|er|ers|ing|able|ations?)$/, "$1is$2")
      .replace(/^(\w{3,})our(s|ed|ing|able|al|hoods?)?$/, "$1or$2")
      .replace(/^(\w{2,}[aeiou])ll(ed|ing|ers?)$/, "$1l$2")
      .replace(/^(\w+)yz(e|ed|es|ing)$/, "$1ys$2")
      .replace(/^(\w{3,}[cdeghkmnrt])ly$/, "$1") // exactly
      .replace(/^(cent|met|lit)re(s|d)?$/, "$1er$2");
  }

  const load = (path) =>
    new Promise((resolve, reject) => {
      document.head.append(Object.assign(document.createElement("script"), { src: new URL(path, root), onload: resolve, onerror: reject }));
    });

  const short = dictionary({
    se: "standard error", sem: "standard error", sd: "standard deviation", std: "standard deviation", ci: "confidence interval", clt: "central limit theorem", lln: "law of large numbers",
    mle: "maximum likelihood", "t test": "t-test", "t tests": "t-test", fpr: "false positive rate", fnr: "false negative rate", bce: "binary cross entropy", crossentropy: "cross entropy", maxpool: "max pooling", lr: "learning rate", prc: "precision recall curve",
    multilabel: "multi label", multiclass: "multi class", backprop: "backwards gradient", backpropagation: "backwards gradient", "sample mean": "mean", "sample average": "mean",
    "expected value": "mean", "expectation value": "mean", "true positive rate": "sensitivity", "true negative rate": "specificity", "positive predictive value": "precision",
    "area under the curve": "auc", "area under curve": "auc", "base rate": "prevalence", "coverage probability": "coverage", "covering probability": "coverage", "coverage rate": "coverage", "breit wigner": "cauchy", gemm: "matrix product", "decision curve": "net benefit",
    "how do i know": " ", "how can i know": " ", "how do i tell": " ", "how can i tell": " ", "how do i check": " ", "how can i check": " ", "how to check": " ", "how to know": " ", "how to tell": " ",
    "not converge": "not exist", "doesn't converge": "not exist", "doesnt converge": "not exist", "not settle": "not exist",
  });
  const longestFirst = [...short.keys()].sort((one, other) => other.length - one.length);
  const otherwise = new RegExp(`(?<![\\w.])(${longestFirst.join("|").replaceAll(" ", "[ -]")})(?!\\w)`, "gi");
  const inFull = (query) => query.replaceAll("’", "'").replace(otherwise, (words) => short.get(words.toLowerCase().replaceAll("-", " ")));
  const ledger = "book/claims.html";

  /* Nor the ends of isn’t, it’s and PyTorch’s. A mean square is no mean. */
  const withoutFormulas = (text) => text.replace(/\\\(.*?\\\)/gs, " ").replace(/\bmean[ -](squared?)\b/gi, "mean$1").replace(/(?<!\d)(\d{1,3}),(?=\d{3}(?!\d))/g, "$1").replace(/(?<=\p{L})['’](?:[dmst]|ll|re|ve)(?!\p{L})/gu, "");

  /* A name in code is found as a whole and by its parts: `roc_auc_score`, `CrossEntropyLoss`, `np.nan`. */
  const namesIn = (text) => withoutFormulas(text).split(/[^\p{L}\p{N}_]+/u);
  const partsIn = (name) => name.split(/_+|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/).filter(Boolean);
  const tokenize = (text) => namesIn(text).flatMap((name) => [...new Set([name, ...partsIn(name)])]).filter(Boolean);

  /* A name that the book does not have is heard by those that it has and that are in it, too: `sample_weight_mode` by `sample_weight`. */
  const namesWithin = (query, has) =>
    namesIn(query).flatMap((name) => {
      const parts = name.split(/_+/).filter(Boolean);
      if (parts.length < 3 || has(name)) return [];
      return parts.flatMap((_, from) => parts.map((_, to) => parts.slice(from, to + 1)).filter((some) => some.length > 1)).map((some) => some.join("_")).filter(has);
    });

  /* `auto-reset` is found by `autoreset` too, and the other way round: as one word beside its parts. */
  const hyphenated = (text) => (withoutFormulas(text).match(/\p{L}+(?:[-\u2010\u2011]\p{L}+)+/gu) ?? []).map((word) => word.split(/[-\u2010\u2011]/));
  const joinedIn = (text) => hyphenated(text).map((parts) => parts.join(""));

  /* What of a place is indexed by its own words, and by the parts of the names in it, which tell less than words: `sample_weight` is about weights, not about samples. What is asked has both. */
  const byParts = { textNames: "text", titleNames: "title" };
  const compound = (text) => namesIn(text).filter((name) => partsIn(name).length > 1).join(" ");
  const drawn = {
    wide: ({ title, text }) => namesIn(`${title} ${text}`).map((name) => wider.get(plain(name))).filter(Boolean).join(" "),
    address: ({ kind, url }) => (kind === "claim" ? url.split("#")[1].split("-").filter((word) => word.length > 2).join(" ") : ""), // a claim’s name, given by its author
    ...Object.fromEntries(Object.entries(byParts).map(([field, of]) => [field, (entry) => compound(entry[of])])),
  };
  const indexed = (entry, field) => (field in drawn ? drawn[field](entry) : entry[field]);
  const tokensOf = (text, field) => (!field ? [...tokenize(text), ...joinedIn(text)] : field === "code" || field in byParts ? tokenize(text) : [...namesIn(text).filter(Boolean), ...joinedIn(text)]);

  /* What is asked by a text that was pasted. Of a traceback, or of more than some sentences, the message that was raised last; of a message, what is left without the paths, numbers of lines, carets
  and code around it; of a page, no tags; never more than an address can carry. */
  function heard(typed) {
    const text = typed.replace(/(:\d+: \w*Warning: .*?)\s{2,}.*/s, "$1").replace(/<\/?[a-z][^<>]*>|&[a-z]+;/gi, " ").replace(/\s+/g, " ").trim();
    const long = text.length > 400 || /Traceback \(most recent call last\)|File "[^"]*", line \d|Cell In ?\[\d+\]/.test(text);
    const raised = long ? [...text.matchAll(/(?<![\w.])(?:[A-Za-z_]\w*\.)*_?[A-Z]\w*(?:Error|Exception|Warning|Kernel|Interrupt): /g)].at(-1)?.index ?? 0 : 0;
    const message = text.slice(raised).replace(/\bFile "[^"]*", line \d+(, in \S+)?|(?<!\S)\S*[\\/]\S*\.py(:\d+:?)?(?!\S)|[\^~]{2,}/g, " ");
    return message.replace(/\s+/g, " ").trim().slice(0, 400);
  }

  /* What a place says, and the names under which people ask for it elsewhere. */
  const allOf = ({ title, text, asked = "" }) => `${title} ${text} ${asked}`;

  let engine;
  const start = () =>
    (engine ??= Promise.all([load("_static/minisearch.js"), load("vendor/search-entries.js")]).then(() => {
      const stemmer = new Stemmer();
      const stem = (term) => {
        const word = plain(term);
        if (empty.has(word)) return null;
        const stemmed = stemmer.stemWord(alike.get(word) ?? word);
        return family.get(stemmed) ?? stemmed;
      };
      const family = new Map();
      for (const [first, ...others] of families.split("; ").map((words) => words.split(" ").map((word) => stemmer.stemWord(plain(word))))) for (const other of others) family.set(other, first);
      const fields = ["title", "page", "text", "code", "asked", "wide", "address", ...Object.keys(byParts)];
      const index = new MiniSearch({ idField: "url", fields, storeFields: ["kind"], tokenize: tokensOf, extractField: indexed, processTerm: stem, searchOptions: { processTerm: stem } });
      index.addAll(searchEntries);
      const chapters = new Set(searchEntries.filter(({ kind }) => kind === "chapter").map(({ title }) => title));
      const ofRecord = new Set(searchEntries.filter(({ kind, title }) => kind === "about" && chapters.has(title)).map(({ url }) => url)); // a chapter's claims and doubts, called as it
      const partsOf = new Map();
      for (const entry of searchEntries) for (const parts of hyphenated(allOf(entry))) partsOf.set(stem(parts.join("")), parts.map(stem).filter(Boolean));
      return { index, stem, partsOf, ofRecord, ofManner: new Set(manner.split(" ").map(stem)), ofStuff: new Set(stuff.split(" ").map(stem)), entries: new Map(searchEntries.map((entry) => [entry.url, entry])) };
    }));

  /* The book's words as they are written, and how often; what is no word of it, nor a name in code, as the nearest of them, two of its letters swapped, one letter away or, of a long one, two. */
  const lowercase = /(?<![\p{L}\p{N}_.'’])\p{Lu}?\p{Ll}{3,}(?![\p{L}\p{N}_])/gu;
  let written, known, forms;
  const swapped = (word) => Array.from({ length: word.length - 1 }, (_, i) => word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2));
  function spelled(query, stem) {
    if (!written) {
      const counts = new Map();
      known = new Set(searchEntries.flatMap(({ code }) => code.toLowerCase().split(" ")));
      for (const entry of searchEntries) {
        for (const parts of hyphenated(allOf(entry))) known.add(parts.join("").toLowerCase());
        for (const word of withoutFormulas(allOf(entry)).toLowerCase().match(/\p{L}{3,}/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
      written = new MiniSearch({ idField: "word", fields: ["word"], storeFields: ["count"] });
      written.addAll([...counts].map(([word, count]) => ({ word, count })));
      forms = new Set([...counts.keys()].map(stem));
    }
    const options = { fuzzy: (term) => (term.length > 8 ? 2 : Number(term.length > 3)), boostDocument: (word, term, { count }) => 1 + Math.log10(count) / 10 };
    const guesses = new Map();
    for (const [word] of query.matchAll(lowercase)) {
      const typed = word.toLowerCase();
      const has = (one) => [empty, short, alike, known].some((words) => words.has(one)) || (stem(one) !== one && forms.has(stem(one))); // or a form of such a word
      const nearest = has(typed) || written.has(typed) ? typed : swapped(typed).find((one) => has(one) || written.has(one)) ?? written.search(typed, options)[0]?.id ?? typed;
      if (stem(nearest) !== stem(typed)) guesses.set(word, nearest);
    }
    return guesses;
  }

  /* The pairs of words that stand side by side in a place's prose, and its words; those that `empty` has are none. */
  const read = new Map();
  function readIn(entry, stem) {
    if (!read.has(entry.url)) {
      const parts = [entry.title, entry.text, entry.asked ?? "", entry.page].map((part) => namesIn(part).map(stem).filter(Boolean));
      const pairs = parts.flatMap((words) => words.slice(1).map((word, i) => [words[i], word].sort().join(" ")));
      read.set(entry.url, [new Set(pairs), new Set(tokenize(`${allOf(entry)} ${entry.page}`).map(stem))]);
    }
    return read.get(entry.url);
  }

  const having = (index, term) => index.search(term, { tokenize: (whole) => [whole], processTerm: (whole) => whole }).length;

  /* Titles and claims before prose before code; what has more of the asked words, rare ones above all, and has them together, first (of two words, what has them side by side; and what has them `apart`, not both in its prose, explains nothing): `worth`, in proportion to how rare all that was asked is. A word that the book does not
  have is left out of all this; `known` is how much of the rarity of what was asked the others carry, words of manner apart. Who types the name of a page or a
  term, and little else, means it; so does who types the title of a place, and nothing else but its page's name, or all that it has in quotation marks: that there is none answers whether there is one. */
  const named = ({ kind, url }) => kind === "chapter" || kind === "term" || (kind === "about" && !url.includes("#"));
  const weight = { chapter: 1.1, section: 1.1, claim: 1, question: 1.5, figure: 0.8, term: 0.9, exercise: 0.6, reading: 0.5, about: 0.6 };
  const anyError = /(?<![\w.])(?:(?:Value|Type|Runtime|Attribute|Key|Index|Name|Assertion)?Error|(?:User|Runtime|Future|Deprecation)?Warning|Exception)(?=:)/g;
  async function search(asking) {
    const { index, stem, partsOf, ofRecord, ofManner, ofStuff, entries } = await start();
    const terms = (text) => [...new Set(tokenize(text).map(stem).filter(Boolean))];
    const withoutClass = inFull(asking.replace(anyError, " ")); // what any error is called tells little beside what it says
    const typed = terms(withoutClass).some((term) => having(index, term)) ? withoutClass : inFull(asking);
    const query = [typed, ...namesWithin(typed, (name) => having(index, stem(name) ?? ""))].join(" ");
    const rarity = new Map(terms(query).map((term) => [term, Math.log((entries.size + 1) / (having(index, term) + 0.5))]));
    /* A name and its parts are one thing that was asked: as rare as the rarest of it that is there. */
    const parted = namesIn(query).map((name) => new Set([name, ...partsIn(name)].map(stem))).filter((name) => name.size > 1);
    const rareness = (some) => {
      const alone = some.filter((term) => !parted.some((name) => name.has(term)));
      const once = parted.map((name) => Math.max(0, ...some.filter((term) => name.has(term)).map((term) => rarity.get(term))));
      return alone.reduce((sum, term) => sum + rarity.get(term), 0) + once.reduce((sum, one) => sum + one, 0);
    };
    const affirmed = (words) => words.filter((term) => term !== "no");
    const asked = new Set(terms(query));
    const phrase = tokenize(typed).join(" ").toLowerCase();
    const said = spoken(asking);
    const two = asked.size === 2 && [...asked].sort().join(" ");
    const titled = (title, page) => {
      const here = new Set([...title, ...terms(page)]);
      return Number(title.length > 0 && title.every((term) => asked.has(term)) && affirmed([...asked]).every((term) => here.has(term) || ofStuff.has(term)));
    };
    const results = index.search(query, {
      boost: { title: 3, page: 0.7, text: 1, code: 0.25, asked: 1, wide: 0.3, address: 0.3, textNames: 0.3, titleNames: 2 },
      prefix: (term, i, terms) => term.length > 1 && terms.slice(i + 1).every((part) => term.includes(part)), // the last word may go on
      weights: { prefix: 0.3 },
      boostDocument: (id, term, stored) => weight[stored.kind] * (ofRecord.has(id) ? 0.3 : 1),
    });
    /* A word of everyday language that stands in a place’s code alone makes the place half about it, where little else was asked; and what the book has in code alone, it does not explain. A name in code is one that was asked for. */
    const names = new Set(namesIn(query).filter((name) => /[\d_]|[a-z][A-Z]/.test(name)).flatMap((name) => [name, ...partsIn(name)]).map(stem));
    const codeAlone = new Map(results.map(({ id, match }) => [id, Object.keys(match).filter((word) => !names.has(word) && match[word].every((field) => field === "code" || field === "address"))]));
    const foundBy = new Map(results.map(({ id, queryTerms }) => [id, new Set(queryTerms.flatMap((word) => [word, ...(partsOf.get(word) ?? [])]))]));
    for (const parts of hyphenated(typed).filter((parts) => parts.some((part) => part.length === 1))) {
      const joined = stem(parts.join("")); // a t-test is no test with a t
      if (having(index, joined)) for (const found of foundBy.values()) if (!found.has(joined)) parts.forEach((part) => found.delete(stem(part)));
    }
    const anywhere = new Set([...foundBy.values()].flatMap((found) => [...found]));
    const meant = [...asked].filter((term) => !ofManner.has(term)); // unless that is all
    const weighed = meant.some((term) => anywhere.has(term)) ? meant : [...asked];
    const had = weighed.filter((term) => anywhere.has(term));
    const told = new Set(results.flatMap(({ id }) => [...foundBy.get(id)].filter((term) => !codeAlone.get(id).includes(term))));
    const known = rareness(had.filter((term) => told.has(term))) / rareness(weighed);
    const recalled = isMessage(asking) ? recalling(asking, stem) : () => false;
    const found = results
      .map((result) => {
        const entry = entries.get(result.id);
        const foundHere = foundBy.get(result.id);
        const here = had.filter((term) => foundHere.has(term));
        const prose = asked.size > 2 ? here : here.filter((term) => !codeAlone.get(result.id).includes(term));
        const share = (rareness(here) + rareness(prose)) / rareness(had) / 2;
        const whole = asked.size > 2 && tokenize(allOf(entry)).join(" ").toLowerCase().includes(phrase);
        const [sides, has] = two ? readIn(entry, stem) : [new Set()];
        const apart = Boolean(two) && had.length === 2 && !had.every((term) => has.has(term));
        const name = terms(entry.title);
        const both = name.filter((term) => asked.has(term)).length;
        const near = both && both ** 2 / (name.length * Math.max(meant.length, 1));
        const exact = Math.max(named(entry) ? near : both && titled(affirmed(name), entry.page), Number(quoted(entry.title).some((words) => words.length > 2 && within(said, words))));
        const worth = (result.score * share * (whole ? 2 : 1) * (sides.has(two) ? 1.5 : 1) * (1 + 3 * exact)) / rareness(had);
        const isName = had.length > 1 && had.every((term) => name.includes(term) || terms(entry.page).includes(term));
        return { ...entry, words: [...result.terms, ...foundHere], recalled: recalled(entry), share, known, worth, isName, apart };
      })
      .sort((one, other) => other.worth - one.worth);
    const whole = found.findIndex(({ share, kind }) => share === 1 && kind !== "reading");
    if (whole >= shownNearest) found.splice(shownNearest - 1, 0, ...found.splice(whole, 1)); // one of the first has all of the words, where there is one
    return found;
  }

  /* A message is known by the name of its error, or, pasted without it, by how messages are worded. */
  const namesError = /(error|warning|exception):|\((None|\d+),|\.(errors?|exceptions?)\.\w+: /i;
  const worded = new RegExp(
    [
      /has no attribute|\bhas no len\b|\bnot (callable|subscriptable|iterable|defined|aligned|supported for)\b|is ambiguous|\bencountered in\b|setting an array element|unexpected keyword|unsupported operand/,
      /\bindex\b.*\bout of (bounds|range)\b|out of memory|no space left|permission denied|depth exceeded|command not found|\bno module named\b|^(failed|unable) to\b/,
      /could not (be )?(broadcast|convert|find|import|load|locate|open)\b|cannot (be (multiplied|reshaped)|convert|import|open|reindex|reshape)\b/,
      /\bexpected\b.*\b(got|found|but)\b|\bexpected all\b|\binput contains\b|must (be equal|contain|have the same|match the)\b/,
      /^expected (more|fewer|less|at (least|most)|exactly|input|target|object|scalar|\d+-?d)\b|^only .* can be converted|\bdoes not require grad\b|\bis not fitted\b|\bare incompatible\b/,
      /\b(takes|missing) \d+ (required )?positional argument|\bindices must be\b|\binvalid literal for\b|\bvalues to unpack\b|\bcan't handle a mix of\b/,
    ]
      .map(({ source }) => source)
      .join("|"),
    "i",
  );
  const isQuestion = (query) => /^(are|(can|could) (an?|i|one|the|we|you)|did|do|does|how|i|is|my|should|what|when|where|which|who|why)\b|\?\s*$/i.test(query);
  const isMessage = (query) => namesError.test(query) || (worded.test(query) && !isQuestion(query));

  /* A message is explained where it is quoted: what stands there in quotation marks is in it, or five of its words in a row are there, numbers apart. Anything else is explained by a place that has all
  of its words, or is worth enough: of the tests' queries (queries.yml, unanswered.yml) the threshold parts those that the book answers from the others best. Where the book does not have all of the words, what remains must be worth
  the more the rarer they are, for what is asked may be what is missing; or it is what a place is called, and a third of the whole. */
  const [inARow, enough] = [5, 2.25];
  const spoken = (text) => (text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []).filter((word) => !/^\d+$/.test(word));
  const within = (text, words) => ` ${text.join(" ")} `.includes(` ${words.join(" ")} `);
  const quoted = (text) => [...text.matchAll(/“(.*?)”/gs)].flatMap(([, words]) => words.split("…").map(spoken));
  const behindName = (query) => query.replace(/^.*(error|warning|exception): /is, "");
  function quotes(entry, query) {
    const [message, place] = [query, allOf(entry)].map(spoken);
    const named = entry.kind === "question" ? entry.title.split(/[,;…]/).map(spoken) : []; // a problem is called by its message, in quotation marks or not
    const unclassed = (words) => (words.length > 2 && /(error|warning|exception)$/.test(words[0]) ? words.slice(1) : words); // whose name may stand elsewhere
    const behind = spoken(behindName(query));
    return [...named, ...quoted(allOf(entry))].some((words) => (words.length > 1 && within(message, unclassed(words))) || (behind.length > 2 && within(words, behind))) || message.some((_, i) => i + inARow <= message.length && within(place, message.slice(i, i + inARow)));
  }

  /* Told from memory, or a part of it: what it says behind the name of its error is in one quotation, in a sentence that names an error or in what a problem is called; three words in whatever order, two, the error's name among them, as they come. */
  function recalling(query, stem) {
    const content = (words) => words.map(stem).filter(Boolean);
    const [whole, behind] = [query, behindName(query)].map((text) => [...new Set(content(spoken(text)))]);
    const told = behind.length ? behind : whole;
    const inOrder = (words) => words.reduce((i, word) => i + (word === told[i]), 0) === told.length;
    return (entry) =>
      [...(entry.kind === "question" ? [spoken(entry.title)] : []), ...quoted(allOf(entry)), ...(allOf(entry).match(/[^.\n]*(Error|Warning|Exception): [^.\n]*/g) ?? []).map(spoken)].some((said) => {
        const words = content(said);
        return (told.length > 2 ? told.every((word) => words.includes(word)) : inOrder(words)) && whole.filter((word) => words.includes(word)).length > 1;
      });
  }

  const answers = (place, query) => place.recalled || quotes(place, query);
  const explains = (place, query) => (isMessage(query) ? answers(place, query) : !place.apart && ((place.known === 1 && place.share === 1) || place.worth * place.known ** 2 > enough || (place.isName && place.known > 1 / 3)));

  /* What was meant: the ledger by `claim 12`; of what is no message, the words that the book does not have, as it spells them, unless it is but a guess (no letters
  swapped) that none of the best places has: `multiple` is not `multiply`; and first what quotes a message. */
  async function find(typed) {
    const { stem } = await start();
    const query = heard(typed);
    const guesses = isMessage(query) ? new Map() : spelled(query, stem);
    const respelled = () => query.replace(lowercase, (word) => guesses.get(word) ?? word);
    let meant = respelled();
    let found = await search(meant);
    const [asked, best] = [new Set(tokenize(inFull(meant)).map(stem).filter(Boolean)), new Set(found.slice(0, 3).flatMap((place) => place.words))];
    for (const [word, guess] of guesses) {
      if (!swapped(word.toLowerCase()).includes(guess) && asked.has(stem(guess)) && !best.has(stem(guess))) guesses.delete(word);
    }
    if (meant !== respelled()) {
      meant = respelled();
      found = await search(meant);
    }
    if (/^claims?(\s+\d+)?$/i.test(query)) found.sort((one, other) => (other.url === ledger) - (one.url === ledger));
    if (isMessage(query)) {
      const level = new Map(found.map((place) => [place, quotes(place, query) ? 2 : Number(place.recalled)]));
      found.sort((one, other) => level.get(other) - level.get(one));
    }
    const matched = new Set(found.flatMap((place) => place.words));
    const missing = isMessage(query) ? [] : [...new Set(withoutFormulas(inFull(meant)).match(/(?<![\p{L}\p{N}_])\p{L}(?:\p{L}{2,}|\w*_\w+)(?![\p{L}\p{N}_])/gu))].filter((word) => stem(word) && !matched.has(stem(word)));
    return { found, asked: query, query: meant, missing, explained: found.slice(0, shownNearest).some((place) => explains(place, query)) };
  }
  window.bookSearch = (query) => find(query).then(({ found, explained }) => Object.assign(found, { explained }));

  /* What is shown of a place for one of its words. */
  window.bookExcerpt = async ({ text, kind }, word) => {
    const { stem } = await start();
    const words = new Set([stem(word)]);
    return element("p", {}, ...lettered(excerpt(text, words, stem, kind === "claim"), words, stem)).textContent;
  };

  const element = (name, of, ...inside) => {
    const { kind, ...properties } = of;
    const made = Object.assign(document.createElement(name), properties);
    if (kind) made.dataset.kind = kind;
    made.append(...inside);
    return made;
  };

  /* Text with its formulas as the build set them, and the words that were found marked. */
  function lettered(text, words, stem) {
    return text.split(/\\\((.*?)\\\)/s).flatMap((part, i) => {
      if (i % 2) {
        const formula = Object.assign(document.createElement("template"), { innerHTML: searchFormulas[part] ?? "" }).content;
        return formula.firstChild ? [formula] : [part];
      }
      return part.split(/([\p{L}\p{N}_]+)/u).map((word) => {
        if (!words.has(stem(word))) return word;
        return element("mark", {}, word);
      });
    });
  }

  /* Of what a cell printed, two lines. Of prose, the sentences with the most of the words, some 200 characters: they begin where a sentence does, or in a long one, at a clause or a word behind an
  ellipsis; formulas, each one sign meanwhile, stay whole, and what a cell printed is not run into the prose around it. */
  const [sentence, end] = [/(?<=(?<!\b(?:vs|al|cf|e\.g|i\.e|no|pp?))[.?!…][”’")\]]*)\s+(?=[\p{L}\p{N}“‘"'([√\uE000-\uF8FF])/iu, /[.?!…:][”’")\]]*$/];
  const size = (shown) => shown.length + 7 * (shown.match(/[\uE000-\uF8FF]/g) ?? []).length;
  function excerpt(text, words, stem, printed) {
    const has = (part) => new Set(tokenize(part).map(stem).filter((term) => words.has(term))).size;
    if (printed) {
      const lines = text.split("\n");
      const counts = lines.map(has);
      const best = counts.indexOf(Math.max(...counts));
      return lines.slice(best, best + 2).join("\n");
    }
    const formulas = [];
    const masked = text.replace(/\\\(.*?\\\)/gs, (formula) => String.fromCharCode(0xe000 + formulas.push(formula) - 1));
    const parts = masked.split("\n").flatMap((block) => block.split(sentence).map((part, i) => ({ part, starts: !i })));
    const flows = (i) => end.test(parts[i - 1].part) && (!parts[i].starts || (end.test(parts[i].part) && /^[^\p{Ll}]/u.test(parts[i].part)));
    const stretches = parts.map(({ part }, i) => {
      let shown = part;
      for (let next = i + 1; next < parts.length && size(shown) < 160 && flows(next); next++) {
        if (size(shown) >= 80 && size(shown + parts[next].part) >= 260) break;
        shown += ` ${parts[next].part}`;
      }
      return { shown, worth: has(shown) + has(part) / 10 + end.test(part) / 100 };
    });
    const { shown } = stretches.reduce((best, one) => (one.worth > best.worth ? one : best), stretches[0]);
    return shortened(shown.replace(/^[,;:.)\]|–—·\s]+/, ""), has).replace(/[\s,;:(–—]+…$/, " …").replace(/[\uE000-\uF8FF]/g, (one) => formulas[one.charCodeAt() - 0xe000]);
  }

  /* From 260 characters on: so much of it that the first of its words is seen with the clause that it is in, and the end is a word's. */
  function shortened(text, has) {
    if (size(text) <= 260) return text;
    const pieces = text.split(/(?<=\s)/);
    let from = 0;
    const first = pieces.findIndex(has);
    if (size(pieces.slice(0, first + 1).join("")) > 200) {
      const near = pieces.slice(0, first + 1).findIndex((_, i) => size(pieces.slice(i, first + 1).join("")) <= 120);
      const clause = [/[;:–—]\s$/, /,\s$/].map((mark) => pieces.findIndex((_, i) => i >= near && i <= first && mark.test(pieces[i - 1] ?? ""))).find((i) => i > 0);
      from = clause ?? near;
    }
    let to = from;
    while (to < pieces.length && size(pieces.slice(from, to + 1).join("")) <= 250) to++;
    const cut = pieces.slice(from, to).join("").trimEnd();
    return `${from ? "… " : ""}${to < pieces.length ? `${cut.replace(/[\s,;:(–—=<>≤≥≈+×·|“]+$/u, "")} …` : cut}`;
  }

  /* What kind of place it is, and in which chapter, whose name ends at its colon. */
  const whereOf = ({ kind, title, page }) =>
    element("span", { className: "search-where" }, element("span", { kind, className: "search-kind" }, kinds[kind]), title === page || kind === "term" ? "" : ` in ${page.split(":")[0]}`);

  /* Where nothing is found, or nothing that explains it: what else a reader can do, and that what follows is but near. */
  function cure(near) {
    const to = (page, name) => element("a", { href: new URL(page, root) }, name);
    const help = element("p", {}, "Try fewer or other words, or look in the ", to("book/intro.html#the-chapters", "list of chapters"), ", the ", to(ledger, "ledger of claims"), " or the ", to("book/glossary.html", "glossary"), ".");
    return near ? [help, element("p", { className: "search-near" }, "Nearest")] : [help];
  }

  /* How many of the places quote the message, have it in other words, or are known to be asked for by it: these come first, and what follows is said to be something else. */
  const quoting = (places, query) => (isMessage(query) ? places.filter((place) => answers(place, query)).length : 0);

  /* How many places are shown, of how many, and how many of them have all the words that the book has; what was meant; which words no place has. */
  function counted(places, of, explained, query, meant, missing) {
    const words = missing.map((word) => `“${word}”`).join(", ").replace(/, (?=[^,]*$)/, " and ");
    if (isMessage(query) && explained) {
      const quote = (some) => some.filter((place) => quotes(place, query)).length;
      const count = quote(places.map((place) => ({ ...place, asked: "" }))); // else a place is but known to be asked for by it
      if (!count) return quote(places) ? "This may be the cause:" : "No place quotes this word for word. This may be it:";
      return `${count === 1 ? "One place quotes" : `${count} places quote`} this message.`;
    }
    if (!explained && isMessage(query)) return "No page of this book has this message.";
    if (!explained) return `${places.length ? "Nothing here explains this" : "Nothing has these words"}.${places.length && words ? ` The book has no ${words}.` : ""}`;
    const whole = places.filter((place) => place.share === 1).length;
    const many = `${places.length < of ? `the first ${places.length} of ` : ""}${of} ${of === 1 ? "place" : "places"}`;
    const all = many.replace("the", "The");
    if (meant !== query) return `Nothing has “${query}”. Did you mean “${meant}”? ${all}.`;
    const ofThem = places.length === whole ? "" : `, ${whole || "none"} with all of ${words ? "the other" : "these"} words`;
    return words ? `Without ${words}, which the book does not have: ${many}${ofThem}.` : `${all}${ofThem}.`;
  }

  /* What is found, each as an item makes it, and below those that quote a message the nearest of the others, apart from them; false where one typed on meanwhile. What is worth less than a tenth of the
  best, or beside a message that is quoted, a sixth, is left out. */
  async function show(typed, list, status, help, many, item, apart) {
    list.dataset.query = typed;
    let [places, items, said, more] = [[], [], "", []];
    try {
      if (typed) {
        const { stem } = await start();
        const { found, asked: query, query: meant, missing, explained } = await find(typed);
        if (typed !== list.dataset.query) return false;
        const first = explained ? quoting(found, query) : 0;
        const least = explained ? found[0].worth / (first ? 6 : 10) : enough / 2;
        const all = found.filter((place, i) => i < first || place.worth > least);
        places = all.slice(0, first ? first + shownNearest : explained ? shown : shownNearest);
        places.of = first ? places.length : all.length;
        items = places.slice(0, many).map((place, i) => item(place, new Set(place.words), stem, i));
        if (first && items.length > first) items.push(apart("Other places, with some of its words", items.splice(first)));
        const words = tokenize(inFull(query));
        const common = !words.some(stem);
        said = common ? `${words.length ? "Such words are everywhere: add one" : "No word is in this: type one"} that says what you look for.` : counted(explained ? places : found, places.of, explained, query, meant, missing);
        if (!common && !explained) more = cure(places.length);
      }
    } catch {
      said = "The search could not be loaded.";
    }
    status.textContent = said;
    help.replaceChildren(...more);
    list.replaceChildren(...items.flat());
    return places;
  }

  function result(place, words, stem) {
    const link = element("a", { href: new URL(place.url, root) }, ...lettered(place.title, words, stem));
    return element("li", {}, whereOf(place), link, element("p", { kind: place.kind, className: "search-text" }, ...lettered(excerpt(place.text, words, stem, place.kind === "claim"), words, stem)));
  }

  function pageOfResults(input) {
    const [list, status, help] = ["#search-results", "#search-status", ".search-cure"].map((part) => document.querySelector(`article ${part}`));
    const apart = (words, others) => [element("li", { className: "search-near" }, words), ...others];
    const ask = () => show(input.value.trim(), list, status, help, shown, result, apart);
    const askAnew = () => {
      clearTimeout(later);
      try {
        const query = input.value.trim();
        history.replaceState(null, "", query ? `?q=${encodeURIComponent(heard(query))}` : location.pathname); // to be shared, and for the way back
      } catch {
        // a page from a folder keeps its address
      }
      ask();
    };
    let later;
    input.addEventListener("input", () => {
      clearTimeout(later);
      later = setTimeout(askAnew, 200);
    });
    input.form.addEventListener("submit", (event) => {
      event.preventDefault();
      askAnew();
    });
    input.value = (new URLSearchParams(location.search).get("q") ?? "").replace(/\s+/g, " ");
    input.focus();
    ask();
  }

  function option(place, words, stem, i) {
    const title = element("span", { className: "search-title" }, ...lettered(place.title, words, stem));
    return element("a", { href: new URL(place.url, root), id: `search-now-${i}`, role: "option", tabIndex: -1, ariaSelected: "false" }, title, whereOf(place));
  }

  /* Below the dialog's field the first results, while one types. The focus stays in the field: arrows choose one, Enter goes there, or to the page of results where none is chosen. */
  function resultsWhileTyping(input) {
    const dialog = input.closest("dialog");
    const status = element("p", { id: "search-status", role: "status" });
    const help = element("div", { className: "search-cure" });
    const list = element("div", { id: "search-now", role: "listbox", ariaLabel: "Results", hidden: true });
    const all = element("a", { className: "search-all", hidden: true });
    const box = element("div", { className: "search-now" }, status, help, list, all);
    dialog.append(box);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" })) input.setAttribute(name, value);

    let options = [], chosen = -1, wanted, later;
    const choose = (i) => {
      options[chosen]?.setAttribute("aria-selected", "false");
      chosen = i;
      const one = options[i];
      one?.setAttribute("aria-selected", "true");
      one?.scrollIntoView({ block: "nearest" });
      wanted = one?.href;
      one ? input.setAttribute("aria-activedescendant", one.id) : input.removeAttribute("aria-activedescendant");
    };
    const apart = (words, others) => [element("div", { role: "group", ariaLabel: words }, element("div", { className: "search-near", ariaHidden: "true" }, words), ...others)];
    const ask = async () => {
      const query = input.value.trim();
      const found = await show(query, list, status, help, shownWhileTyping, option, apart);
      if (!found) return;
      chosen = -1;
      options = [...list.querySelectorAll("[role=option]")];
      box.scrollTop = 0;
      choose(options.findIndex(({ href }) => href === wanted)); // chosen before these came
      list.hidden = !options.length;
      input.setAttribute("aria-expanded", !list.hidden);
      all.hidden = found.length <= shownWhileTyping;
      all.textContent = all.hidden ? "" : `${found.length < found.of ? `The first ${found.length} of ${found.of}` : `All ${found.length}`} places, with what they say`;
      all.href = new URL(`search.html?q=${encodeURIComponent(heard(query))}`, root);
    };
    input.addEventListener("input", () => {
      choose(-1);
      clearTimeout(later);
      later = setTimeout(ask, 150);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const count = options.length + 1; // and none of them
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && count > 1) choose(((chosen + 1 + step + count) % count) - 1);
      else if (event.key === "Enter" && chosen >= 0) options[chosen].click();
      else if (event.key === "Escape") dialog.close(); // a browser would first empty the field
      else return;
      event.preventDefault();
    });
    input.form.addEventListener("submit", () => (input.value = heard(input.value)));
    start().catch(() => {}); // said when something is asked
    ask();
  }

  function begin() {
    const page = document.querySelector("article form.bd-search input");
    if (page) pageOfResults(page);
    else resultsWhileTyping(document.querySelector("#pst-search-dialog input"));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
