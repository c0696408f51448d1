import { openSqliteStore } from "../../src/store/index.ts";
import { storeContract } from "./store-contract.ts";

storeContract("the store in SQLite", async (options) => openSqliteStore(options));
