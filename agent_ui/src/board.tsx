import "./styles/board.css";
import { createRoot } from "react-dom/client";
import { BoardPage } from "./views/board/page";
import { Speaks } from "./words";

const place = document.getElementById("app");
if (place === null) throw new Error("the page has no place for the board");
createRoot(place).render(
  <Speaks>
    <BoardPage />
  </Speaks>,
);
