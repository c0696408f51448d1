// What the containers share, made by the first `docker compose up` and kept in volumes: the broker's folder, the
// passwords, a demo signing key. Each folder is mounted only where it is needed (docker-compose.yml).
import { join } from "node:path";
import { DEVICE_ACCOUNT, SERVICE_ACCOUNT, writeBrokerFiles } from "./broker-files.mjs";
import { passwordIn, prepareSigningKey } from "./secrets.mjs";

const [root = "/"] = process.argv.slice(2);

writeBrokerFiles(join(root, "broker"), {
  listener: "listener 1883",
  passwords: {
    [SERVICE_ACCOUNT]: passwordIn(join(root, "secrets/mqtt-password")),
    [DEVICE_ACCOUNT]: passwordIn(join(root, "broker/device-password")),
  },
});
prepareSigningKey(join(root, "signing/signing-key.pem"), join(root, "secrets/signing-key.pub.pem"));
