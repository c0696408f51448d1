import { openSqliteStore } from "../../src/store/index.ts";
import { openInOneThread } from "./one-thread.ts";
import { storeContract } from "./store-contract.ts";

storeContract("the store in SQLite", async (options) => openSqliteStore(options));
storeContract("the same, without its threads", openInOneThread);
