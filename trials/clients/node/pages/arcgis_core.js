// `@arcgis/core`, unmodified, in a page of another origin than the server's.
import * as geoprocessor from "@arcgis/core/rest/geoprocessor.js";
import FeatureSet from "@arcgis/core/rest/support/FeatureSet.js";
import Graphic from "@arcgis/core/Graphic.js";
import ImageParameters from "@arcgis/core/rest/support/ImageParameters.js";
import LinearUnit from "@arcgis/core/rest/support/LinearUnit.js";
import Point from "@arcgis/core/geometry/Point.js";

const root = new URLSearchParams(location.search).get("url") + "/rest/services";
const params = () => ({
  Input_Observation_Point: new FeatureSet({
    features: [new Graphic({ geometry: new Point({ x: -118.8, y: 37.5, spatialReference: { wkid: 4326 } }) })],
  }),
  Viewshed_Distance: new LinearUnit({ distance: 5, units: "miles" }),
});

async function trial(check) {
  const executed = await geoprocessor.execute(`${root}/Elevation/ESRI_Elevation_World/GPServer/Viewshed`, params());
  check("execute", executed.results[0].value.features.length === 1);
  const projected = await geoprocessor.execute(
    `${root}/Elevation/ESRI_Elevation_World/GPServer/Viewshed`,
    params(),
    { outSpatialReference: { wkid: 3857 } },
  );
  check("out spatial reference", projected.results[0].value.spatialReference.wkid !== 4326);
  const job = await geoprocessor.submitJob(`${root}/WorldViewshed/GPServer/viewshed`, params());
  await job.waitForJobCompletion({ interval: 200 });
  const result = await job.fetchResultData("Viewshed_Result");
  check("job", job.jobStatus === "job-succeeded" && result.value.features.length === 1);
  const failing = await geoprocessor.submitJob(`${root}/Simulation/JobOutcomes/GPServer/Fails`, { Note: "x" });
  let failure;
  await failing.waitForJobCompletion({ interval: 200 }).catch((error) => (failure = error));
  check("a failed job rejects", failure !== undefined);
  const endless = await geoprocessor.submitJob(`${root}/Simulation/JobOutcomes/GPServer/NeverEnds`, { Note: "x" });
  while ((await endless.checkJobStatus()).jobStatus !== "job-executing") await new Promise((f) => setTimeout(f, 200));
  await endless.cancelJob();
  check("cancel", endless.jobStatus.startsWith("job-cancel"));
  const mapped = await geoprocessor.submitJob(`${root}/Publishing/ViewshedLayers/GPServer/viewshed`, params());
  await mapped.waitForJobCompletion({ interval: 200 });
  const layer = await mapped.fetchResultMapImageLayer();
  check("result map layer", layer.url.includes("/MapServer/jobs/"));
  await layer.load();
  check("result map layer: loaded", layer.sublayers.length === 1);
  const image = await layer.fetchImage(layer.fullExtent, 200, 100);
  check("result map layer: drawn", image.width === 200 && image.height === 100);
  await mapped.fetchResultImage("Viewshed_Result", new ImageParameters({ width: 200, height: 100 }));
  check("fetchResultImage: answered (for features this client makes nothing of it)", true);
}

window.trial = trial;
