/** Debian's own, which sees Debian's packages; another may come first in PATH. */
export const PYTHON = "/usr/bin/python3";

/** What measures need beside Bun, by the Debian package that brings it, and how one sees that it is there. */
const LOOK = {
  nginx: ["nginx", "-v"],
  wrk: ["sh", "-c", "command -v wrk"],
  mosquitto: ["sh", "-c", "command -v mosquitto"],
  "mosquitto-clients": ["sh", "-c", "command -v mosquitto_sub"],
  curl: ["curl", "--version"],
  "python3-flask": [PYTHON, "-c", "import flask"],
  "python3-waitress": [PYTHON, "-c", "import waitress"],
  "python3-paho-mqtt": [PYTHON, "-c", "import paho.mqtt.client"],
} as const;

/** A Debian package. */
export type Tool = keyof typeof LOOK;

/** Those of them that this machine lacks. Servers may be where an ordinary user's PATH does not look. */
export function missingTools(tools: readonly Tool[]): Tool[] {
  return tools.filter((tool) => !isThere(LOOK[tool]));
}

function isThere(command: readonly string[]): boolean {
  const { PATH = "" } = process.env;
  const env = { ...process.env, PATH: `${PATH}:/usr/sbin:/usr/local/sbin` };
  const options = { env, stdin: "ignore", stdout: "ignore", stderr: "ignore" } as const;
  try {
    return Bun.spawnSync([...command], options).exitCode === 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}
