// node compile.mjs PYODIDE SCRIPTS FOLDER: run SCRIPTS/bundle.py in Pyodide, with FOLDER as its
// working directory.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodideFolder, scripts, folder] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(pyodideFolder, "pyodide.mjs")));
const pyodide = await loadPyodide({ indexURL: `${pyodideFolder}/` });
pyodide.mountNodeFS("/build", folder);
pyodide.FS.chdir("/build");
try {
  pyodide.runPython(readFileSync(join(scripts, "bundle.py"), "utf-8"));
} catch (error) {
  console.error(error.message); // Uncaught, Node would show the line that threw: a megabyte.
  process.exit(1);
}
