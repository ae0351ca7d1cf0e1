// An OPC UA server that is not made of our library. Arguments: port, folder for its certificates, number of namespaces that are
// registered before the machine's own (so that its index differs from run to run), names of the nodes whose history it keeps, how many
// operations it takes a call (0: as many as come).
// Says one JSON line when it listens; then takes one JSON line a command on stdin and answers each with a line:
//   {"node": "Power", "value": 1.5, "status": "Good", "source_ms": 1700000000000}
//   {"node": "Power", "count": 900, "source_ms": 1700000000000, "step_ms": 1000, "value": 0, "by": 1}   so many values at once
//   ... with "pace_ms": 60   as a machine would, one after the other
//   {"remove": "State"}, {"make": "State"}   as a program download does: the node goes, and comes again under the same id
//   {"asked": true}   how many history reads there were, how many with a continuation point, and the time they asked for
import readline from "node:readline";
import { DataType, OPCUACertificateManager, OPCUAServer, StatusCodes, Variant } from "node-opcua";

const [port, pki, before] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4] ?? 0)];
const remembered = (process.argv[5] ?? "").split(",").filter(Boolean);
const most = Number(process.argv[6] ?? 0);
const URI = "urn:example:press";
const TYPES = { Power: DataType.Double, Energy: DataType.Double, Parts: DataType.Int32, State: DataType.String };

const serverCertificateManager = new OPCUACertificateManager({ rootFolder: pki, automaticallyAcceptUnknownCertificate: true });
const server = new OPCUAServer({
  port,
  hostname: "127.0.0.1",
  alternateEndpoints: undefined,
  serverCertificateManager,
  buildInfo: { productName: "peer" },
  serverInfo: { applicationUri: "urn:example:peer" },
  allowAnonymous: true,
  serverCapabilities: most
    ? { operationLimits: { maxNodesPerRead: most, maxMonitoredItemsPerCall: most, maxNodesPerTranslateBrowsePathsToNodeIds: most, maxNodesPerHistoryReadData: 1 } }
    : {},
});
await server.initialize();
const space = server.engine.addressSpace;
for (let number = 0; number < before; number += 1) space.registerNamespace(`urn:example:other-${number}`);
const own = space.registerNamespace(URI);
const press = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Press", nodeId: "s=Press" });
const nodes = {};
function make(name) {
  const dataType = TYPES[name];
  nodes[name] = own.addVariable({ componentOf: press, browseName: name, nodeId: `s=Press.${name}`, dataType, minimumSamplingInterval: 10 });
  if (remembered.includes(name)) space.installHistoricalDataNode(nodes[name], { maxOnlineValues: 200_000 });
}
Object.keys(TYPES).forEach(make);

const asked = { reads: 0, continued: 0, earliest_ms: null, latest_ms: null, most: 0 };
server.on("request", (request) => {
  if (request.schema.name !== "HistoryReadRequest") return;
  const { startTime, endTime, numValuesPerNode } = request.historyReadDetails;
  asked.reads += 1;
  asked.continued += request.nodesToRead.filter((node) => node.continuationPoint?.length > 0).length;
  const [from, to] = [startTime.getTime(), endTime.getTime()].sort((a, b) => a - b);
  asked.earliest_ms = Math.min(asked.earliest_ms ?? from, from);
  asked.latest_ms = Math.max(asked.latest_ms ?? to, to);
  asked.most = Math.max(asked.most, numValuesPerNode);
});

function set({ node, value, status = "Good", source_ms: sourceMs }) {
  const variant = new Variant({ dataType: TYPES[node], value });
  nodes[node].setValueFromSource(variant, StatusCodes[status], new Date(sourceMs));
}

await server.start();
console.log(JSON.stringify({ endpoint: `opc.tcp://127.0.0.1:${port}`, namespace_index: own.index }));
const stop = () => server.shutdown(0).then(() => process.exit(0));
process.on("SIGTERM", stop);
readline.createInterface({ input: process.stdin }).on("line", async (line) => {
  const command = JSON.parse(line);
  try {
    if (command.asked) {
      console.log(JSON.stringify({ done: asked }));
      return;
    }
    if (command.remove) space.deleteNode(nodes[command.remove]);
    if (command.make) make(command.make);
    if (command.remove || command.make) {
      console.log(JSON.stringify({ done: command.remove ?? command.make }));
      return;
    }
    for (let number = 0; number < (command.count ?? 1); number += 1) {
      const { value, by = 0, source_ms: sourceMs, step_ms: step = 0 } = command;
      if (command.pace_ms) await new Promise((resolve) => setTimeout(resolve, command.pace_ms));
      set({ ...command, value: typeof value === "number" ? value + by * number : value, source_ms: sourceMs + step * number });
    }
    console.log(JSON.stringify({ done: command.node }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}).on("close", stop);
