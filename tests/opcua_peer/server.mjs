// An OPC UA server that is not made of our library. Arguments: port, folder for its certificates, number of namespaces that are
// registered before the machine's own (so that its index differs from run to run).
// Says one JSON line when it listens; then takes one JSON line a command on stdin and answers each with a line:
//   {"node": "Power", "value": 1.5, "status": "Good", "source_ms": 1700000000000}
import readline from "node:readline";
import { DataType, OPCUACertificateManager, OPCUAServer, StatusCodes, Variant } from "node-opcua";

const [port, pki, before] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4] ?? 0)];
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
});
await server.initialize();
const space = server.engine.addressSpace;
for (let number = 0; number < before; number += 1) space.registerNamespace(`urn:example:other-${number}`);
const own = space.registerNamespace(URI);
const press = own.addObject({ organizedBy: space.rootFolder.objects, browseName: "Press", nodeId: "s=Press" });
const nodes = {};
for (const [name, dataType] of Object.entries(TYPES)) {
  nodes[name] = own.addVariable({ componentOf: press, browseName: name, nodeId: `s=Press.${name}`, dataType, minimumSamplingInterval: 10 });
}

function set({ node, value, status = "Good", source_ms: sourceMs }) {
  const variant = new Variant({ dataType: TYPES[node], value });
  nodes[node].setValueFromSource(variant, StatusCodes[status], new Date(sourceMs));
}

await server.start();
console.log(JSON.stringify({ endpoint: `opc.tcp://127.0.0.1:${port}`, namespace_index: own.index }));
const stop = () => server.shutdown(0).then(() => process.exit(0));
process.on("SIGTERM", stop);
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const command = JSON.parse(line);
  try {
    set(command);
    console.log(JSON.stringify({ done: command.node }));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}).on("close", stop);
