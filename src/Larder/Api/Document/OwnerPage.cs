using Larder.Auth;

namespace Larder.Api.Document;

/// <summary>
/// Where the link of the first start leads. The secret stands behind the <c>#</c>, which browsers send to nobody: no log of a proxy has it.
/// </summary>
internal static class OwnerPage
{
    private const string Page =
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Larder: the first owner</title>
        <link rel="stylesheet" href="/api/docs.css">
        <script src="/owner.js" defer></script>
        </head>
        <body>
        <main>
        <h1>The first owner</h1>
        <p>This link works once. Choose a name, and a password of 12 characters or more.</p>
        <form id="owner">
        <p><label>Name <input name="name" autocomplete="username" required maxlength="64"></label></p>
        <p><label>Password <input name="password" type="password" autocomplete="new-password" required minlength="12"></label></p>
        <p><button>Make me the owner</button></p>
        </form>
        <p id="answer" role="status"></p>
        </main>
        </body>
        </html>
        """;

    private const string Script =
        """
        document.getElementById("owner").addEventListener("submit", async (event) => {
          event.preventDefault();
          const fields = new FormData(event.target);
          const answer = await fetch("/api/owner", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ link: location.hash.slice(1), name: fields.get("name"), password: fields.get("password") }),
          });
          const made = await answer.json();
          const place = document.getElementById("answer");
          if (answer.ok) {
            history.replaceState(null, "", "/owner");
            event.target.remove();
            place.textContent = `${made.name} is the owner now, and is logged in.`;
          } else {
            place.textContent = `${made.detail} ${made.hint}`;
          }
        });
        """;

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/owner",
            Action = "owner.page",
            Summary = "The page that the link of the first start leads to.",
            Needs = Needs.Nothing,
            AnswerType = "text/html",
            Run = _ => Task.FromResult<Answer?>(new Answer { Text = Page, Type = "text/html; charset=utf-8" }),
        },
        new()
        {
            Method = "GET",
            Path = "/owner.js",
            Action = "owner.script",
            Summary = "What that page does.",
            Needs = Needs.Nothing,
            AnswerType = "text/javascript",
            Run = _ => Task.FromResult<Answer?>(new Answer { Text = Script, Type = "text/javascript; charset=utf-8" }),
        },
    ];
}
