using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>What a call answers with: a status, a document, headers.</summary>
internal sealed record Answer
{
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>JSON unless <see cref="Type"/> says otherwise; null for no body.</summary>
    public string? Text { get; init; }

    public string Type { get; init; } = "application/json; charset=utf-8";

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Changes whenever the answer does; where the caller has it already, 304 is answered.</summary>
    public string? ETag { get; init; }

    /// <summary>What the audit log notes as the target, where the address alone does not say it.</summary>
    public string? Target { get; init; }

    /// <summary>Of a run that was begun.</summary>
    public string? RunId { get; init; }

    public static Answer Json(string document, int status = StatusCodes.Status200OK) => new() { Text = document, Status = status };

    public static Answer Json(JsonNode document, int status = StatusCodes.Status200OK) => Json(ApiJson.Write(document), status);

    public static Answer Nothing { get; } = new() { Status = StatusCodes.Status204NoContent };

    /// <summary>A part of a list: an array as the command line prints it, and in headers how many there are and where it goes on.</summary>
    public static Answer Page(ApiCall call, IEnumerable<JsonNode> shown, long total, int limit, int offset)
    {
        var answer = Json(new JsonArray([.. shown]));
        var headers = new List<(string, string)> { ("X-Total-Count", $"{total}") };
        if (offset + limit < total)
        {
            headers.Add(NextOf(call, limit, offset));
        }
        return answer with { Headers = headers };
    }

    /// <summary>The header that says where a list goes on.</summary>
    public static (string Name, string Value) NextOf(ApiCall call, int limit, int offset) =>
        ("Link", $"<{call.AddressWith("offset", $"{offset + limit}")}>; rel=\"next\"");
}
