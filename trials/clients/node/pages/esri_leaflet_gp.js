// `esri-leaflet-gp`, unmodified, in a page of another origin than the server's.
import L from "leaflet";
import * as gp from "esri-leaflet-gp";

const root = new URLSearchParams(location.search).get("url") + "/rest/services";

function run(service, prepare) {
  const task = gp.service(service).createTask();
  prepare(task);
  return new Promise((resolve, reject) => {
    task.run((error, response) => (error ? reject(error) : resolve(response)));
  });
}

async function trial(check) {
  const point = L.latLng(37.5, -118.8);
  const seen = await run(
    { url: `${root}/Elevation/ESRI_Elevation_World/GPServer/Viewshed`, useCors: true },
    (task) => {
      task.setParam("Input_Observation_Point", point);
      task.setParam("Viewshed_Distance", { distance: 5, units: "esriMiles" });
      task.setOutputParam("Viewshed_Result");
    },
  );
  check("execute", Object.values(seen).some((value) => value?.features?.length === 1));
  const job = await run(
    { url: `${root}/WorldViewshed/GPServer/viewshed`, useCors: true, async: true, asyncInterval: 0.3 },
    (task) => {
      task.setParam("Input_Observation_Point", point);
      task.setParam("Viewshed_Distance", { distance: 5, units: "esriMiles" });
      task.setOutputParam("Viewshed_Result");
    },
  );
  check("job", Object.values(job).some((value) => value?.features?.length === 1));
}

window.trial = trial;
