using System.Text.Json.Serialization.Metadata;
using Larder.Auth;

namespace Larder.Api;

/// <summary>One call of the API: where it is, who may make it, what it takes and answers, and what it does.</summary>
internal sealed record Route
{
    public required string Method { get; init; }

    /// <summary>As ASP.NET's routing has it: <c>/api/backups/{id}</c>.</summary>
    public required string Path { get; init; }

    /// <summary>Names it in the audit log and in the document: <c>backup.create</c>.</summary>
    public required string Action { get; init; }

    /// <summary>One sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>Whole paragraphs.</summary>
    public string Details { get; init; } = "";

    public required Needs Needs { get; init; }

    /// <summary>The body that it takes; null for none.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>Whether an empty body stands for an empty object.</summary>
    public bool BodyMayBeEmpty { get; init; }

    /// <summary>A body that works, as JSON.</summary>
    public string? BodyExample { get; init; }

    public IReadOnlyList<QueryParameter> Query { get; init; } = [];

    /// <summary>What it answers with when all goes well.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Such an answer; empty for one without a body.</summary>
    public string AnswerExample { get; init; } = "";

    public string AnswerType { get; init; } = "application/json";

    /// <summary>Whether it begins a run and may be repeated with an <c>Idempotency-Key</c>.</summary>
    public bool BeginsRun { get; init; }

    /// <summary>Whether it replaces or removes data, so that it needs a confirmation and, if configured, a second person.</summary>
    public bool IsDestructive { get; init; }

    /// <summary>Does it. Null: it has written its answer itself.</summary>
    public required Func<ApiCall, Task<Answer?>> Run { get; init; }

    /// <summary>Whether it changes anything, so that it is written into the audit log.</summary>
    public bool IsChange => Method is not ("GET" or "HEAD");

    /// <summary>The part of the document that it is shown in: <c>backup</c> of <c>backup.create</c>.</summary>
    public string Group => Action.Split('.')[0];
}

/// <summary>What may stand behind the question mark.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Type"><c>string</c>, <c>integer</c> or <c>boolean</c>.</param>
/// <param name="About">One sentence.</param>
/// <param name="Example">A value that works.</param>
internal sealed record QueryParameter(string Name, string Type, string About, string Example)
{
    public static QueryParameter Limit { get; } = new("limit", "integer", "At most so many, 1 to 1000; 100 by default.", "100");

    public static QueryParameter Offset { get; } = new("offset", "integer", "Passing over so many.", "0");
}
