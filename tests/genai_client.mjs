// A program that streams one interaction with @google/genai and prints every event as the SDK gives it.
//
// node genai_client.mjs FOLDER    (FOLDER holds node_modules)

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(pathToFileURL(`${process.argv[2]}/x.js`));
const { GoogleGenAI } = await import(pathToFileURL(require.resolve("@google/genai")).href);

const client = new GoogleGenAI({ apiKey: "unused" });
const stream = await client.interactions.create({
  model: "gemini-2.5-flash",
  input: "How many r are in strawberry?",
  stream: true,
});
for await (const event of stream) console.log(JSON.stringify(event));
