import { runService } from "../index";
import { notes } from "./notes";

void runService(notes);
