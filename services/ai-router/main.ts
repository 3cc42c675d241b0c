import { runService } from "../../runtime/service";
import { service } from "./service";

void runService(service);
