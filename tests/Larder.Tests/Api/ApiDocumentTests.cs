using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Larder.Api;
using Larder.Api.Document;
using Larder.Testing;

namespace Larder.Tests.Api;

public sealed class ApiDocumentTests
{
    [Fact]
    public Task The_description_that_is_checked_in_is_what_the_routes_say() => GeneratedDocument.ExpectAsync(
        "docs/generated/openapi.json", OpenApiDocument.Text(OpenApiDocument.Make(ApiMapping.Routes, "0")));

    [Fact]
    public void Every_call_has_a_summary_an_example_of_what_it_takes_and_of_what_it_answers()
    {
        Assert.All(ApiMapping.Routes, route =>
        {
            Assert.True(route.Summary.EndsWith('.'), route.Action);
            Assert.True(route.Body is null == route.BodyExample is null, route.Action);
            Assert.True(
                route.AnswerExample.Length > 0 == (route.Status != 204 && route.AnswerType == "application/json"), route.Action);
            if (route.BodyExample is { } body)
            {
                Assert.NotNull(System.Text.Json.JsonSerializer.Deserialize(body, route.Body!)); // It works.
            }
            if (route.AnswerExample.Length > 0)
            {
                Assert.NotNull(JsonNode.Parse(route.AnswerExample));
            }
        });
        Assert.Equal(ApiMapping.Routes.Count, ApiMapping.Routes.Select(route => route.Action).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task The_description_and_the_page_are_served_and_the_page_loads_nothing_from_elsewhere()
    {
        await using var desk = await ApiDesk.OpenAsync();
        var document = (await desk.ExpectAsync(200, "GET", "/openapi/v1.json")).Json;
        Assert.Equal("3.1.0", document.GetProperty("openapi").GetString());
        Assert.Equal(ApiMapping.Routes.Select(route => route.Path).Distinct().Count(), document.GetProperty("paths").EnumerateObject().Count());

        var page = await desk.ExpectAsync(200, "GET", "/api/docs");
        Assert.DoesNotContain("<script", page.Text, StringComparison.OrdinalIgnoreCase);
        Assert.All(Regex.Matches(page.Text, "(?:src|href)=\"([^\"]*)\""), link => Assert.Matches("^[/#]", link.Groups[1].Value));
        Assert.All(ApiMapping.Routes, route => Assert.Contains($"<code>{route.Path}</code>", page.Text, StringComparison.Ordinal));
        Assert.Equal("text/css; charset=utf-8", (await desk.ExpectAsync(200, "GET", "/api/docs.css")).Headers["Content-Type"]);
    }
}
