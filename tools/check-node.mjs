// Imported before anything else, so that an old Node says what it lacks instead of failing on newer syntax.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Refrain needs Node 20.19 or newer, and this is ${process.versions.node}.`);
  console.error("Install a newer one (https://nodejs.org) and run the command again.");
  process.exit(1);
}
