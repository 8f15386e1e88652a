// Runs before the tests: says at once when they would run on the wrong Node, instead of failing strangely later.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Throughline needs Node 24; this is ${process.version}. Run "npm ci" and start everything with "npm run".`,
  );
  process.exit(1);
}
