import { type ActionDefinition, definitionOf } from "@refrain/core";
import { checkEnqueueOptions, type EnqueueOptions } from "./enqueue-options.ts";
import { type PreparedRun, type PrepareOptions, prepareRun } from "./prepare-run.ts";

const KEYS = ["input"];
const MIXED_KEYS = ["input", "action"];

interface Item {
  readonly definition: ActionDefinition;
  readonly input: unknown;
  readonly options: EnqueueOptions;
}

/**
 * Reads both forms of `enqueueMany`'s arguments and prepares every item, so that nothing is sent before all are known to be
 * good. What it throws names the item.
 */
export async function prepareItems(
  first: unknown,
  second: unknown,
  options: PrepareOptions,
): Promise<PreparedRun[]> {
  const prepared: PreparedRun[] = [];
  for (const [index, given] of listOf(second ?? first).entries()) {
    try {
      const item = second === undefined ? mixedItem(given) : itemOf(first, given, KEYS);
      prepared.push(await prepareRun(item.definition, item.input, item.options, options));
    } catch (error) {
      if (error instanceof Error) error.message = `enqueueMany, item ${index}: ${error.message}`;
      throw error;
    }
  }
  return prepared;
}

function listOf(items: unknown): readonly unknown[] {
  if (Array.isArray(items)) return items;
  throw new TypeError(
    "enqueueMany takes (action, items) or (items), where items is an array of { input, … }",
  );
}

function mixedItem(given: unknown): Item {
  const { action } = objectOf(given);
  if (typeof action === "object" && action !== null) return itemOf(action, given, MIXED_KEYS);
  throw new TypeError("action must be one made by defineAction");
}

function itemOf(action: unknown, given: unknown, furtherKeys: readonly string[]): Item {
  const options: EnqueueOptions & { readonly input?: unknown } = objectOf(given);
  checkEnqueueOptions("options", options, furtherKeys);
  return { definition: definitionOf(objectOf(action)), input: options.input, options };
}

function objectOf(value: unknown): { readonly [key: string]: unknown } {
  if (typeof value === "object" && value !== null)
    return value as { readonly [key: string]: unknown };
  throw new TypeError(`an object is wanted, not ${value === null ? "null" : typeof value}`);
}
