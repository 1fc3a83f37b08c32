import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../..", import.meta.url));

/** A page of documentation; `file` is its path from the root of the repository. */
export interface Document {
  readonly file: string;
  readonly text: string;
}

export function documents(): Document[] {
  const folders = [".", "docs", ...subfolders("packages"), ...subfolders("examples")];
  return folders.flatMap(pagesIn).map(readDocument);
}

function subfolders(folder: string): string[] {
  return readdirSync(path.join(root, folder)).map((name) => path.posix.join(folder, name));
}

function pagesIn(folder: string): string[] {
  return readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.posix.join(folder, name));
}

export function readDocument(file: string): Document {
  return { file, text: readFileSync(path.join(root, file), "utf8") };
}

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
}

export function codeBlocks({ text }: Document): CodeBlock[] {
  const fences = text.matchAll(/^```(?<language>\w*)\n(?<code>[^]*?)^```$/gm);
  return [...fences].map(({ index, groups }) => ({
    language: groups?.["language"] ?? "",
    code: groups?.["code"] ?? "",
    line: text.slice(0, index).split("\n").length + 1,
  }));
}

/** What a link to a heading of the page may end in. */
export function anchors({ text }: Document): Set<string> {
  const headings = withoutCode(text).matchAll(/^#+ (?<title>.+)$/gm);
  return new Set([...headings].map(({ groups }) => anchorOf(groups?.["title"] ?? "")));
}

export function links({ text }: Document): string[] {
  const targets = withoutCode(text).matchAll(/\]\((?<target>[^)]+)\)/g);
  return [...targets].map(({ groups }) => groups?.["target"] ?? "");
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, "");
}

/** As GitHub makes it. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}
