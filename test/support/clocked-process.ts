import { join } from "node:path";
import { type Environment, type ServiceProcess, startServiceProcess } from "./service-process.ts";

/** A service as a process of its own, of which the clock can be set. */
export async function startClockedProcess(env: Environment): Promise<ServiceProcess> {
  return await startServiceProcess(env, [], join(import.meta.dir, "clocked-service.ts"));
}

/** From now on its clock is so far ahead of the true time, or behind it. */
export async function setClock(service: ServiceProcess, aheadMs: number): Promise<void> {
  const logged = service.log.all.length;
  service.tell(String(aheadMs));
  await service.log.line(/"msg":"the clock was set"/, logged);
}
