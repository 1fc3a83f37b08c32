import { existsSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { anchors, documents, links, readDocument, root } from "./support/documents.ts";

test.each(documents())("every link of $file leads somewhere", (document) => {
  const broken = links(document).filter((link) => !leadsSomewhere(document.file, link));

  expect(broken).toEqual([]);
});

function leadsSomewhere(file: string, link: string): boolean {
  if (/^https?:/.test(link)) return true;
  const [target = "", anchor] = link.split("#");
  const page = target === "" ? file : path.posix.join(path.posix.dirname(file), target);
  if (!existsSync(path.join(root, page))) return false;
  return anchor === undefined || anchors(readDocument(page)).has(anchor);
}
