import "./styles/desk.css";
import { createRoot } from "react-dom/client";
import { DeskPage } from "./views/desk/page";
import { Speaks } from "./words";

const place = document.getElementById("app");
if (place === null) throw new Error("the page has no place for the desk");
createRoot(place).render(
  <Speaks>
    <DeskPage />
  </Speaks>,
);
