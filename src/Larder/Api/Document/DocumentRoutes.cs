using Larder.Auth;

namespace Larder.Api.Document;

/// <summary>The API's own description, for programs and for people. It tells nothing of this installation, so it is for anybody.</summary>
internal static class DocumentRoutes
{
    private static readonly Lazy<string> Text = new(
        () => OpenApiDocument.Text(OpenApiDocument.Make(ApiMapping.Routes, Composition.Version)));

    private static readonly Lazy<string> Page = new(() => ApiPage.Make(ApiMapping.Routes, Composition.Version));

    public static IReadOnlyList<Route> All { get; } =
    [
        new()
        {
            Method = "GET",
            Path = "/openapi/v1.json",
            Action = "document.openapi",
            Summary = "Describes every call in OpenAPI 3.1.",
            Needs = Needs.Nothing,
            AnswerExample = """{"openapi":"3.1.0","info":{"title":"Larder"}}""",
            Run = _ => Task.FromResult<Answer?>(Answer.Json(Text.Value)),
        },
        new()
        {
            Method = "GET",
            Path = "/api/docs",
            Action = "document.page",
            Summary = "Describes every call as a page.",
            Needs = Needs.Nothing,
            AnswerType = "text/html",
            Run = _ => Task.FromResult<Answer?>(new Answer { Text = Page.Value, Type = "text/html; charset=utf-8" }),
        },
        new()
        {
            Method = "GET",
            Path = "/api/docs.css",
            Action = "document.style",
            Summary = "How that page looks.",
            Needs = Needs.Nothing,
            AnswerType = "text/css",
            Run = _ => Task.FromResult<Answer?>(new Answer { Text = ApiPage.Style, Type = "text/css; charset=utf-8" }),
        },
    ];
}
