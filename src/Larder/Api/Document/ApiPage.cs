using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Larder.Api.Document;

/// <summary>The description of the API as a page that is read with any browser: no script, nothing from elsewhere.</summary>
internal static class ApiPage
{
    public const string Style =
        """
        :root { color-scheme: light dark; --line: #8886; --soft: #8882; }
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
        nav ul { columns: 14rem; padding-left: 1.2rem; }
        h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); text-transform: capitalize; }
        article { margin: 1.5rem 0; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .5rem; overflow-wrap: anywhere; }
        code, pre { font: 14px/1.45 ui-monospace, monospace; background: var(--soft); border-radius: .3rem; }
        code { padding: .1rem .3rem; }
        pre { padding: .6rem; overflow-x: auto; }
        .method { font-weight: 700; }
        table { border-collapse: collapse; }
        td, th { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
        """;

    private static readonly JsonSerializerOptions Pretty = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // Escaped for HTML below.
    };

    public static string Make(IReadOnlyList<Route> routes, string version)
    {
        var groups = routes.GroupBy(route => route.Group).ToList();
        var page = new StringBuilder();
        page.Append(
            $"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Larder API</title>
            <link rel="stylesheet" href="/api/docs.css">
            </head>
            <body>
            <h1>Larder {Escape(version)} API</h1>
            <p>The same for programs: <a href="/openapi/v1.json">/openapi/v1.json</a>.</p>
            <nav><ul>

            """);
        foreach (var group in groups)
        {
            page.Append($"<li><a href=\"#{group.Key}\">{group.Key}</a></li>\n");
        }
        page.Append("</ul></nav>\n<main>\n");
        foreach (var group in groups)
        {
            page.Append($"<h2 id=\"{group.Key}\">{group.Key}</h2>\n");
            foreach (var route in group)
            {
                Append(page, route);
            }
        }
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static void Append(StringBuilder page, Route route)
    {
        page.Append($"<article id=\"{Escape(route.Action)}\">\n");
        page.Append($"<h3><span class=\"method\">{route.Method}</span> <code>{Escape(route.Path)}</code></h3>\n");
        page.Append($"<p>{Marked(route.Summary)}</p>\n");
        if (route.Details.Length > 0)
        {
            page.Append($"<p>{Marked(route.Details)}</p>\n");
        }
        page.Append($"<p>{Marked(NeedsText(route))}</p>\n");
        if (route.Query.Count > 0)
        {
            page.Append("<table><tbody>\n");
            foreach (var query in route.Query)
            {
                page.Append($"<tr><th><code>{Escape(query.Name)}</code></th><td>{Marked(query.About)}</td></tr>\n");
            }
            page.Append("</tbody></table>\n");
        }
        Example(page, "Takes", route.BodyExample);
        Example(page, $"Answers {route.Status}", route.AnswerExample);
        page.Append("</article>\n");
    }

    private static string NeedsText(Route route) => route.Needs.IsForAnybody
        ? "For anybody."
        : $"For the role `{Engine.Access.AccessWords.Of(route.Needs.Role!.Value)}` and greater ones"
            + (route.Needs.Scope is { } scope ? $"; a token needs the scope `{Engine.Access.AccessWords.Of(scope)}`." : ".");

    private static void Example(StringBuilder page, string title, string? json)
    {
        if (json is { Length: > 0 })
        {
            page.Append($"<p>{title}</p>\n<pre>{Escape(JsonNode.Parse(json)!.ToJsonString(Pretty))}</pre>\n");
        }
    }

    // Between backticks stands code.
    private static string Marked(string text) => string.Concat(
        text.Split('`').Select((part, at) => at % 2 == 1 ? $"<code>{Escape(part)}</code>" : Escape(part)));

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
