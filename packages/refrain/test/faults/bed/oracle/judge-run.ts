import type { EventOf } from "../events.ts";
import type { Breach, Rule } from "./breach.ts";
import { type AttemptStory, isAcknowledged, only, type Placed, type RunStory } from "./story.ts";

/** Rules that bind a run as a whole: what one attempt did against what others did. */
export function judgeRun(story: RunStory): Breach[] {
  return [
    ...owners(story),
    ...lateBegins(story),
    ...starts(story),
    ...paths(story),
    ...keys(story),
    ...outcomes(story),
    ...enqueues(story),
  ];
}

/** S7: an epoch belongs to one claim, and nobody's writes are applied who sends them after another one's claim. */
function owners({ run, attempts }: RunStory): Breach[] {
  const breaches: Breach[] = [];
  for (const [index, attempt] of attempts.entries()) {
    const { epoch, nonce, groups, claimedAt, by } = attempt;
    if (claimedAt < 0) {
      breaches.push(
        breach("S7 fencing", run, `${by} wrote with a nonce that claimed nothing: ${nonce}`),
      );
    }
    const next = attempts[index + 1];
    if (next?.epoch === epoch) {
      breaches.push(
        breach("S7 fencing", run, `two claims have epoch ${epoch}: ${by} and ${next.by}`),
      );
    }
    for (const { n, sentAt, word } of groups) {
      const usurper = attempts.find((other) => other.epoch > epoch && other.claimedAt < sentAt);
      if (usurper === undefined || (word !== "applied" && word !== "same")) continue;
      const text = `attempt ${epoch} (${by}) sent group ${n} after attempt ${usurper.epoch} had claimed the run, and was told "${word}"`;
      breaches.push(breach("S7 fencing", run, text));
    }
  }
  return breaches;
}

/** Bodies that an attempt began after a newer one had claimed the run. */
export function lateBeginsOf(
  { attempts }: RunStory,
  attempt: AttemptStory,
): readonly Placed<EventOf<"begin">>[] {
  const usurped = attempts
    .filter(({ epoch, claimedAt }) => epoch > attempt.epoch && claimedAt >= 0)
    .map(({ claimedAt }) => claimedAt);
  const from = Math.min(...usurped);
  return only(attempt.events, "begin").filter(({ at }) => at > from);
}

/** S2, for who was paused: one body in each branch at most, before the next write tells who owns the run. */
function lateBegins(story: RunStory): Breach[] {
  const width = Math.max(1, ...story.enqueued.map((enqueued) => enqueued.width));
  return story.attempts.flatMap((attempt) => {
    const slots = new Set(lateBeginsOf(story, attempt).map(({ slot }) => slot));
    if (slots.size <= width) return [];
    const text = `attempt ${attempt.epoch} (${attempt.by}) began ${slots.size} calls after it was overtaken, in ${width} branches`;
    return [breach("S2 no execution after record", story.run, text)];
  });
}

/** S3 over all attempts: a body of a reconcilable call is the first, was vouched for, was a retry, or came from a zombie. */
function starts(story: RunStory): Breach[] {
  const late = new Set(
    story.attempts.flatMap((attempt) => lateBeginsOf(story, attempt).map(({ at }) => at)),
  );
  const allowed = new Map<string, { begins: number; reasons: number }>();
  for (const attempt of story.attempts) {
    const begun = new Set<string>();
    for (const event of attempt.events) {
      if (event.kind !== "begin" && event.kind !== "verdict") continue;
      const count = allowed.get(event.key) ?? { begins: 0, reasons: 1 };
      allowed.set(event.key, count);
      if (event.kind === "verdict") {
        if (event.answer === "not-started") count.reasons += 1;
      } else if (event.isReconcilable) {
        count.begins += 1;
        // The walk through the attempt has judged whether the retry was asked for.
        if (late.has(event.at) || begun.has(event.key)) count.reasons += 1;
        begun.add(event.key);
      }
    }
  }
  return [...allowed].flatMap(([key, { begins, reasons }]) => {
    if (begins <= reasons) return [];
    const text = `the reconcilable call ${key} began ${begins} times, and only ${reasons} had a reason`;
    return [breach("S3 start once", story.run, text)];
  });
}

/** S5: what began at a slot once, is what begins there ever after. */
function paths({ run, attempts }: RunStory): Breach[] {
  const known = new Map<number, { readonly call: string; readonly epoch: number }>();
  const breaches: Breach[] = [];
  for (const { events, epoch } of attempts) {
    const asked = new Map(
      only(events, "ask").map(({ slot, name, digest }) => [slot, `${name}(${digest})`]),
    );
    for (const { slot } of [...only(events, "begin"), ...only(events, "question")]) {
      const call = asked.get(slot) ?? "nothing";
      const first = known.get(slot);
      known.set(slot, first ?? { call, epoch });
      if (first === undefined || first.call === call) continue;
      const text = `slot ${slot} began as ${first.call} in attempt ${first.epoch}, and as ${call} in attempt ${epoch}`;
      breaches.push(breach("S5 same path", run, text));
    }
  }
  return breaches;
}

/** S9: one key for each call of a run, and no two calls with one key. */
function keys({ run, attempts }: RunStory): Breach[] {
  const bySlot = new Map<number, string>();
  const byKey = new Map<string, number>();
  const breaches: Breach[] = [];
  for (const event of attempts.flatMap(({ events }) => events)) {
    if (!("key" in event)) continue;
    const { slot, key } = event;
    if ((bySlot.get(slot) ?? key) !== key) {
      breaches.push(
        breach("S9 one key per call", run, `slot ${slot} has keys ${bySlot.get(slot)} and ${key}`),
      );
    }
    if ((byKey.get(key) ?? slot) !== slot) {
      breaches.push(
        breach(
          "S9 one key per call",
          run,
          `slots ${byKey.get(key)} and ${slot} share the key ${key}`,
        ),
      );
    }
    bySlot.set(slot, key);
    byKey.set(key, slot);
  }
  return breaches;
}

/** S6 and L1: one outcome, which everybody is told, and no user code after it. */
function outcomes({ run, attempts, results, final }: RunStory): Breach[] {
  if (final === undefined) return [];
  const breaches: Breach[] = [];
  const isSettled = final.status === "SUCCEEDED" || final.status === "FAILED";
  if (!isSettled)
    breaches.push(breach("L1 every run ends", run, `it is ${final.status || "gone"}`));
  for (const { status, print } of results) {
    if (status === "")
      breaches.push(breach("L1 every run ends", run, "its result did not come in time"));
    else if (status !== final.status || print !== final.print) {
      const text = `a caller was told ${status} ${print}, its record says ${final.status} ${final.print}`;
      breaches.push(breach("S6 one outcome", run, text));
    }
  }
  const expected = final.status === "SUCCEEDED" ? "completed" : "failed";
  if (isSettled && final.job !== expected && final.job !== "none") {
    const isOver = final.job === "completed" || final.job === "failed";
    const rule = isOver ? "S6 one outcome" : "L1 every run ends";
    breaches.push(breach(rule, run, `it is ${final.status}, and its job ${final.job}`));
  }
  const settlers = attempts.flatMap((attempt) =>
    attempt.groups
      .filter((group) => isAcknowledged(group) && group.entries.some(({ op }) => op === "settle"))
      .map(() => attempt.epoch),
  );
  const after = attempts.filter(({ epoch }) => settlers.some((settler) => epoch > settler));
  for (const { epoch, by } of after) {
    breaches.push(
      breach("S6 one outcome", run, `attempt ${epoch} (${by}) began after the run was settled`),
    );
  }
  return breaches;
}

/** S10 and S11: one run per id, with the input of whoever came first, and no attempt at what nobody enqueued. */
function enqueues({ run, enqueued, attempts, final }: RunStory): Breach[] {
  const breaches: Breach[] = [];
  const made = enqueued.filter(({ reply }) => reply === "created" || reply === "existing");
  const created = enqueued.filter(({ reply }) => reply === "created");
  if (created.length > 1) {
    breaches.push(breach("S10 one run per id", run, `it was created ${created.length} times`));
  }
  if (made.length > 0 && final !== undefined && final.status === "") {
    breaches.push(breach("S10 one run per id", run, "it was enqueued, and there is no such run"));
  }
  for (const { input, reply } of enqueued) {
    if (final === undefined || final.status === "" || reply === "error") continue;
    if ((input === final.input) === (reply !== "conflict")) continue;
    const text = `enqueued with ${input} it was "${reply}", and its input is ${final.input}`;
    breaches.push(breach("S10 one run per id", run, text));
  }
  if (enqueued.length === 0 && attempts.length > 0) {
    breaches.push(
      breach("S11 no husk", run, `${attempts.length} attempts at a run that nobody enqueued`),
    );
  }
  return breaches;
}

function breach(rule: Rule, run: string, text: string): Breach {
  return { rule, run, text };
}
