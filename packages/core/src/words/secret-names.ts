const SECRET =
  /pass(word|wd|phrase|code)|^pass$|secret|token|auth(?!or)|authori[sz]|cookie|credential|api[-_. ]?key|private[-_. ]?key|card[-_. ]?(number|no\b)|^card$|\bcv[cv]2?\b|\biban\b|\bssn\b|\bpin\b/i;

/** Whether a field of this name is likely to hold a secret. The one list for all that Refrain shows of values. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}
