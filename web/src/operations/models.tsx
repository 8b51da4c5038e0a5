/** Which abilities work here, by which model, and what one that is missing would take. */
import { useModels } from "../api/queries";
import { Part } from "../parts/bits";
import { size } from "../parts/format";
import { Icon } from "../parts/icons";
import { visible } from "../parts/names";
import { words } from "../words";

const said = words.ops.models;

export function ModelList() {
  return (
    <Part asked={useModels()}>
      {(models) => (
        <div class="tw" tabIndex={0} role="group">
          <table>
            <thead>
              <tr>
                <th scope="col">{said.ability}</th>
                <th scope="col" class="desk">
                  {said.model}
                </th>
                <th scope="col">{said.state}</th>
                <th scope="col" class="num desk">
                  {said.size}
                </th>
                <th scope="col" class="desk">
                  {said.quality}
                </th>
                <th scope="col" class="desk">
                  {said.licence}
                </th>
              </tr>
            </thead>
            <tbody>
              {models.items.map((model) => {
                const works = model.state === "ready" || model.state === "loaded";
                return (
                  <tr key={`${model.capability}-${model.id}`}>
                    <td class="ability">
                      {words.findings.capabilities[model.capability] ?? model.capability}
                      <span class="m">
                        {visible(model.id)} {model.version}
                      </span>
                    </td>
                    <td class="desk">
                      {visible(model.id)} <span class="m">{model.version}</span>
                    </td>
                    <td class="wrap">
                      <span class={`st ${works ? "ok" : model.state === "failed" ? "fail" : "off"}`}>
                        <Icon name={works ? "ready" : model.state === "failed" ? "failed" : "absent"} />
                        <span>{said.states[model.state] ?? model.state}</span>
                      </span>
                      {!works && model.command && (
                        <>
                          {" "}
                          <code>{model.command}</code>
                        </>
                      )}
                    </td>
                    <td class="num m desk">{model.size_bytes ? size(model.size_bytes) : ""}</td>
                    <td class="m desk">{model.quality}</td>
                    <td class="m wrap desk">{visible(model.licence)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </Part>
  );
}
