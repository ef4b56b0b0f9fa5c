// Every test of the dashboard, one after the other in one browser: they share Kevin, whom some of them send away.
import "./sign-in.test.mjs";
import "./board.test.mjs";
import "./transfer.test.mjs";
import "./call.test.mjs";
import "./calls.test.mjs";
import "./leads.test.mjs";
import "./kevin.test.mjs";
import "./analytics.test.mjs";
import "./team.test.mjs";
import "./looks.test.mjs";
import "./accessibility.test.mjs";
import "./seed-snippet.test.mjs";
