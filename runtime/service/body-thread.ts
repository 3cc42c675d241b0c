import { runBodyThread } from "./large-bodies";

runBodyThread();
