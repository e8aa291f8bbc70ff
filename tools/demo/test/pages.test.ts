import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, screenshot, type Visitor, visit } from "./browser.js";
import { type DemoServer, startDemo } from "./demo-server.js";
import { landscape, png } from "./png.js";

/** Two people at once, in order: what the first test leaves behind is where the next begins. */
describe("two pages", () => {
  let demo: DemoServer;
  let browser: Browser;
  let ada: Visitor;
  let bob: Visitor;

  beforeAll(async () => {
    demo = await startDemo();
    browser = await launch();
    ada = await visit(browser, demo.url, "Ada Lovelace");
    bob = await visit(browser, demo.url, "Bob Ross", { colorScheme: "dark" });
  });

  afterAll(async () => {
    await browser?.close();
    await demo?.end("SIGTERM");
  });

  it("are upgraded from polling to WebSocket, and show it", async () => {
    for (const { page } of [ada, bob]) {
      await page.locator('#track[data-at="websocket"]').waitFor();
      await seen(page.locator("#log"), "Connected by HTTP polling");
      await seen(page.locator("#log"), /Upgraded to WebSocket after \d+ ms/);
      await seen(page.locator("#pill"), "WebSocket");
    }
    await screenshot(ada.page, "empty");
  });

  it("see who is online and by which transport", async () => {
    await seen(ada.page.locator("#people"), "Bob Ross");
    await seen(bob.page.locator("#people"), "Ada Lovelace");
    await expect.poll(() => ada.page.locator("#people .by.websocket").count()).toBe(2);
    await seen(ada.page.locator("#rooms [aria-current=true]"), "Riverbed2");
  });

  it("pass messages, with ticks for the server and for the other page", async () => {
    await say(ada.page, "Morning! The river is up a hand since yesterday.");
    await seen(bob.page.locator(".message:not(.mine) .bubble"), "The river is up a hand");
    await seen(ada.page.locator(".ticks[data-state=delivered]"), "delivered");
    await say(bob.page, "Is the gauge at the weir still sending?");
    await seen(ada.page.locator(".message:not(.mine)"), "still sending");
  });

  it("tell when the other is writing, and when no longer", async () => {
    await bob.page.locator("#draft").fill("One reading a second, straight over the socket");
    await writesUntilSeen(bob.page, ada.page, "Bob Ross is writing");
    await bob.page.locator("#draft").press("Enter");
    await expect.poll(() => ada.page.locator("#typing").textContent()).toBe("");
  });

  it("show markup as text", async () => {
    const hostile = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>";
    await say(ada.page, hostile);
    await expect.poll(() => texts(bob.page)).toContain(hostile);
    await ada.page.locator("#your-name").fill("<b>Ada</b>");
    await ada.page.locator("#your-name").press("Enter");
    await seen(bob.page.locator("#people"), "<b>Ada</b>");
    await ada.page.locator("#your-name").fill("Ada Lovelace");
    await ada.page.locator("#your-name").press("Enter");
    await seen(bob.page.locator("#people"), "Ada Lovelace");
    for (const { page } of [ada, bob]) {
      expect(await page.title()).not.toBe("pwned");
      expect(await page.locator(".messages script, .messages b b, .people b, .messages img").count()).toBe(0);
    }
  });

  it("send a picture that arrives pixel by pixel", async () => {
    const picture = landscape(420, 240);
    await choose(ada.page, "the-bend.png", "image/png", png(picture));
    const image = bob.page.locator(".bubble.picture img");
    await image.waitFor();
    expect(await image.getAttribute("alt")).toBe("the-bend.png");
    expect(Buffer.from(await pixelsOf(bob.page)).equals(Buffer.from(picture.rgb))).toBe(true);
    await expect.poll(() => ada.page.locator(".ticks[data-state=waiting]").count()).toBe(0);
  });

  it("refuse a picture that is too large or none, and say so", async () => {
    await choose(ada.page, "huge.png", "image/png", Buffer.alloc(1_000_001));
    await seen(ada.page.locator("#complaint"), "at most 1.0 MB can be sent");
    await choose(ada.page, "vector.svg", "image/svg+xml", Buffer.from("<svg/>"));
    await seen(ada.page.locator("#complaint"), "Only PNG, JPEG, GIF and WebP");
    await choose(ada.page, "fake.png", "image/png", Buffer.from("<script>alert(1)</script>"));
    await seen(ada.page.locator("#complaint"), "not a picture that this browser can read");
    expect(await bob.page.locator(".bubble.picture").count()).toBe(1);
  });

  it("measure: round trips and messages per second, live", async () => {
    await expect.poll(() => ada.page.locator("#rtt").textContent()).toMatch(/^\d/);
    await expect.poll(() => ada.page.locator("#rtt-plot .line").getAttribute("d")).toMatch(/L/);
    await ada.page.locator("#burst").click();
    await seen(ada.page.locator("#burst-note"), /1,000 in \d+ ms/);
    await expect.poll(() => tallestBar(ada.page), { timeout: 5_000 }).toBeGreaterThan(20);
  });

  it("look as they should", async () => {
    await say(bob.page, "Lovely. Sent as it was, byte for byte.");
    await writesUntilSeen(bob.page, ada.page, "Bob Ross is writing");
    await screenshot(ada.page, "desktop-light");
    await screenshot(bob.page, "desktop-dark");
    await bob.page.locator("#draft").fill("");
  });

  it("keep rooms apart, and find what was said before in them", async () => {
    await ada.page.locator("#rooms button", { hasText: "Estuary" }).click();
    await seen(ada.page.locator("#room-title"), "Estuary");
    await say(ada.page, "Only gulls here.");
    await seen(ada.page.locator(".ticks"), "nobody else is here");
    expect(await texts(bob.page)).not.toContain("Only gulls here.");
    await seen(bob.page.locator("#people-count"), /^1$/);
    await bob.page.locator("#rooms button", { hasText: "Estuary" }).click();
    await expect.poll(() => texts(bob.page)).toEqual(["Only gulls here."]);
    await ada.page.locator("#room-name").fill("Back eddy");
    await ada.page.locator("#room-name").press("Enter");
    await seen(ada.page.locator("#room-title"), "Back eddy");
    await bob.page.locator("#rooms button", { hasText: "Back eddy" }).click();
    await seen(bob.page.locator("#room-title"), "Back eddy");
  });

  it("survive the death of the server: the pages keep what they have, come back and chat", async () => {
    await say(ada.page, "Before the flood.");
    await expect.poll(() => texts(bob.page)).toContain("Before the flood.");
    await demo.end("SIGKILL");
    for (const { page } of [ada, bob]) {
      await seen(page.locator("#banner"), "The server is away");
      await seen(page.locator("#pill"), "Server away");
      expect(await texts(page)).toContain("Before the flood.");
    }
    await say(ada.page, "Written while the server was away.");
    await seen(ada.page.locator(".ticks[data-state=waiting]"), "waiting to be sent");
    await screenshot(ada.page, "server-away");

    demo = await startDemo(demo.port);
    await expect.poll(() => texts(bob.page)).toContain("Written while the server was away.");
    await expect.poll(() => ada.page.locator(".ticks[data-state=waiting]").count()).toBe(0);
    for (const { page } of [ada, bob]) {
      await seen(page.locator("#room-title"), "Back eddy");
      await seen(page.locator("#log"), "Back by");
      expect(await texts(page)).toContain("Before the flood.");
      await page.locator('#track[data-at="websocket"]').waitFor();
    }
    await say(bob.page, "Everyone dry?");
    await expect.poll(() => texts(ada.page)).toContain("Everyone dry?");
    await screenshot(bob.page, "server-back");
  });

  it("reported no error of their own meanwhile", () => {
    expect(ada.errors).toEqual([]);
    expect(bob.errors).toEqual([]);
  });
});

describe("a phone", () => {
  it("has the three parts behind tabs, and nothing wider than the screen", async () => {
    const demo = await startDemo();
    const browser = await launch();
    try {
      const size = { width: 390, height: 800 };
      const { page, errors } = await visit(browser, demo.url, "Cyd", { viewport: size, hasTouch: true });
      await page.locator('#track[data-at="websocket"]').waitFor({ state: "attached" });
      await say(page, "From the bus, in one line that is long enough to be broken.");
      await seen(page.locator(".ticks"), "nobody else is here");
      await screenshot(page, "phone-light");
      await page.emulateMedia({ colorScheme: "dark" });
      for (const [tab, part] of [
        ["Rooms", ".rail"],
        ["Wire", ".wire"],
        ["Chat", ".chat"],
      ] as const) {
        await page.locator(".tabs button", { hasText: tab }).click();
        expect(await page.locator(part).isVisible()).toBe(true);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(size.width);
        await screenshot(page, `phone-${tab.toLowerCase()}-dark`);
      }
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
      await demo.end("SIGTERM");
    }
  });
});

type Locator = ReturnType<Page["locator"]>;

/** Waits until some element that the locator finds shows the text. */
async function seen(locator: Locator, text: string | RegExp): Promise<void> {
  await locator.filter({ hasText: text }).first().waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator("#draft").fill(text);
  await page.locator("#draft").press("Enter");
}

/** Typing notices are volatile: one may be dropped, so the writer goes on until the reader has seen one. */
async function writesUntilSeen(writer: Page, reader: Page, notice: string): Promise<void> {
  const writeAndLook = async () => {
    await writer.locator("#draft").pressSequentially(".");
    return reader.locator("#typing").textContent();
  };
  await expect.poll(writeAndLook, { timeout: 10_000, interval: 200 }).toBe(notice);
}

function texts(page: Page): Promise<string[]> {
  return page.locator(".message .bubble:not(.picture)").allTextContents();
}

async function choose(page: Page, name: string, mimeType: string, buffer: Buffer): Promise<void> {
  await page.locator("#picture").setInputFiles({ name, mimeType, buffer });
}

/** Red, green and blue of each pixel of the picture as the page decoded it. */
function pixelsOf(page: Page): Promise<number[]> {
  return page.evaluate(`(async () => {
    const image = document.querySelector(".bubble.picture img");
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return Array.from(data).filter((_, n) => n % 4 !== 3);
  })()`);
}

function tallestBar(page: Page): Promise<number> {
  return page.evaluate(
    `Math.max(...[...document.querySelectorAll("#rate-plot .in")].map((bar) => Number(bar.getAttribute("height"))))`,
  );
}
