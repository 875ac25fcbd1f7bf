// `@esri/arcgis-rest-request`, unmodified, in Node: jobs, their cancel, requests, and signing in.
import { ArcGISIdentityManager, Job, JOB_STATUSES, request } from "@esri/arcgis-rest-request";

const root = process.env.GP_URL;
const services = `${root}/rest/services`;
const params = {
  Input_Observation_Point: {
    features: [{ geometry: { x: -118.8, y: 37.5 }, attributes: {} }],
    geometryType: "esriGeometryPoint",
    spatialReference: { wkid: 4326 },
  },
  Viewshed_Distance: { distance: 5, units: "esriMiles" },
};

function check(what, holds) {
  console.log((holds ? "ok     " : "FAILED ") + what);
  if (!holds) process.exit(1);
}

const job = await Job.submitJob({ url: `${services}/WorldViewshed/GPServer/viewshed/submitJob`, params, pollingRate: 300 });
const results = await job.getAllResults();
check("Job: all results", results.Viewshed_Result.value.features.length === 1);
const info = await job.getJobInfo();
check("Job: info", info.status === JOB_STATUSES.Success);

const failing = await Job.submitJob({ url: `${services}/Simulation/JobOutcomes/GPServer/Fails/submitJob`, params: { Note: "x" }, pollingRate: 300 });
let failure;
try {
  await failing.waitForCompletion();
} catch (error) {
  failure = error;
}
check("Job: a failed one rejects", failure !== undefined);

const endless = await Job.submitJob({ url: `${services}/Simulation/JobOutcomes/GPServer/NeverEnds/submitJob`, params: { Note: "x" }, pollingRate: 300 });
while ((await endless.getJobInfo()).status !== JOB_STATUSES.Executing) await new Promise((done) => setTimeout(done, 200));
const cancelled = await endless.cancelJob();
check("Job: cancel", /Cancel/.test(cancelled.jobStatus));

const executed = await request(`${services}/Elevation/ESRI_Elevation_World/GPServer/Viewshed/execute`, { params });
check("request: execute", executed.results[0].value.features.length === 1);

const uploaded = await request(`${services}/Files/FileTransfer/GPServer/uploads/upload`, {
  params: { file: new File(["hello"], "hello.txt"), description: "a greeting" },
});
check("request: upload", uploaded.success && uploaded.item.itemName === "hello.txt");

let refused;
try {
  await request(`${services}/Secured/WorldViewshed/GPServer`);
} catch (error) {
  refused = error;
}
check("a secured service asks for a token", refused?.code === 499);

const granted = await request(`${root}/tokens/generateToken`, {
  params: { username: "tester", password: "tester-password", client: "requestip", expiration: 10 },
});
const manager = new ArcGISIdentityManager({
  username: "tester",
  token: granted.token,
  tokenExpires: new Date(granted.expires),
  server: root,
});
const secured = await Job.submitJob({ url: `${services}/Secured/WorldViewshed/GPServer/viewshed/submitJob`, params, authentication: manager, pollingRate: 300 });
check("a secured job", (await secured.getAllResults()).Viewshed_Result.value.features.length === 1);
const signedIn = await ArcGISIdentityManager.signIn({
  username: "tester",
  password: "tester-password",
  portal: `${root}/sharing/rest`,
});
check("signIn", signedIn.username === "tester");
