/** Imported first: says in words what an old Node.js would say in stack traces. */
const oldest = 20;

if (Number(process.versions.node.split(".")[0]) < oldest) {
  console.error(`Node.js ${oldest} or later is needed; this is ${process.versions.node}.`);
  process.exit(1);
}
