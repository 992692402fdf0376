"""A stand-in for CSSE's published time series, so that the chapter `hubei` can be run alone without the network.

`write(folder, data_dir)` writes the two files the chapter asks for, in CSSE's wide global format, from `data_dir/hubei.csv` and
`data_dir/elsewhere.csv`. Serve the folder on 127.0.0.1 and give its address to the notebook as CSSE_BASE_URL.
"""
import csv
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

ROWS = {  # region in our files -> Province/State, Country/Region, Lat, Long as CSSE writes them
    "Germany": ("", "Germany", "51.165691", "10.451526"),
    "Hubei": ("Hubei", "China", "30.9756", "112.2707"),
    "Italy": ("", "Italy", "41.87194", "12.56738"),
    "South Korea": ("", "Korea, South", "35.907757", "127.766922"),
    "Spain": ("", "Spain", "40.463667", "-3.74922"),
}
BYSTANDERS = [("Beijing", "China", "40.1824", "116.4142"), ("", "Japan", "36.204824", "138.252924"), ("Aruba", "Netherlands", "12.5211", "-69.9683")]
LATER_DAYS = 3  # the real files go on; the chapter must stop at its last day


def read(data_dir):
    """{region: {date: (confirmed, deaths)}} from the two files of the book."""
    table = defaultdict(dict)
    for name in ("hubei.csv", "elsewhere.csv"):
        with open(Path(data_dir) / name, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                table[row.get("region", "Hubei")][date.fromisoformat(row["date"])] = int(row["confirmed"]), int(row["deaths"])
    return table


def write(folder, data_dir):
    """Write time_series_covid19_{confirmed,deaths}_global.csv into `folder`; return the two paths."""
    table = read(data_dir)
    days = sorted({day for series in table.values() for day in series})
    later = [days[-1] + timedelta(days=i + 1) for i in range(LATER_DAYS)]
    heading = ["Province/State", "Country/Region", "Lat", "Long"] + [f"{d.month}/{d.day}/{d:%y}" for d in days + later]
    paths = []
    for column, kind in enumerate(("confirmed", "deaths")):
        lines = [(*ROWS[region], *(series[d][column] for d in days), *(series[days[-1]][column] + 1000 * (i + 1) for i in range(LATER_DAYS)))
                 for region, series in table.items()]
        lines += [(*where, *range(7, 7 + len(days + later))) for where in BYSTANDERS]  # made up: must not be read
        path = Path(folder) / f"time_series_covid19_{kind}_global.csv"
        with open(path, "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([heading, *sorted(lines, key=lambda line: (line[1], line[0]))])
        paths.append(path)
    return paths
