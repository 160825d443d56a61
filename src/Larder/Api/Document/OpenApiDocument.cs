using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using Larder.Auth;
using Larder.Engine.Access;
using Larder.Engine.Errors;

namespace Larder.Api.Document;

/// <summary>The description of every call in OpenAPI 3.1, made from the routes themselves, so it cannot say what they do not do.</summary>
internal static class OpenApiDocument
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true, NewLine = "\n" };

    private static readonly JsonSchemaExporterOptions SchemaOptions = new() { TreatNullObliviousAsNonNullable = true };

    public static JsonObject Make(IReadOnlyList<Route> routes, string version)
    {
        var paths = new JsonObject();
        foreach (var path in routes.GroupBy(route => route.Path))
        {
            paths[path.Key] = new JsonObject([.. path.Select(
                route => KeyValuePair.Create<string, JsonNode?>(route.Method.ToLowerInvariant(), OperationOf(route)))]);
        }
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Larder",
                ["version"] = version,
                ["description"] = "Everything that the command line does, over HTTP. Long work answers 202 with a run to follow; an error "
                    + "is a problem of RFC 9457 with Larder's number and a hint.",
            },
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject
                    {
                        ["type"] = "http",
                        ["scheme"] = "bearer",
                        ["description"] = "A token of `larder token create` (`larder_…`), or a signed token of a configured issuer.",
                    },
                    ["session"] = new JsonObject
                    {
                        ["type"] = "apiKey",
                        ["in"] = "cookie",
                        ["name"] = "larder_session",
                        ["description"] = "The cookie of `POST /api/session`; changes need `X-CSRF-Token` besides.",
                    },
                },
                ["schemas"] = new JsonObject { ["Problem"] = ProblemSchema() },
            },
        };
    }

    public static string Text(JsonObject document) => document.ToJsonString(Pretty) + "\n";

    private static JsonObject OperationOf(Route route)
    {
        var operation = new JsonObject
        {
            ["operationId"] = route.Action,
            ["tags"] = new JsonArray(route.Group),
            ["summary"] = route.Summary,
        };
        if (DetailsOf(route) is { Length: > 0 } details)
        {
            operation["description"] = details;
        }
        if (ParametersOf(route) is { Count: > 0 } parameters)
        {
            operation["parameters"] = parameters;
        }
        if (route.Body is not null)
        {
            operation["requestBody"] = new JsonObject
            {
                ["required"] = !route.BodyMayBeEmpty,
                ["content"] = Content("application/json", SchemaOf(route.Body), route.BodyExample!),
            };
        }
        operation["responses"] = ResponsesOf(route);
        operation["security"] = route.Needs.IsForAnybody
            ? new JsonArray()
            : new JsonArray(new JsonObject { ["token"] = new JsonArray() }, new JsonObject { ["session"] = new JsonArray() });
        if (!route.Needs.IsForAnybody)
        {
            operation["x-role"] = AccessWords.Of(route.Needs.Role!.Value);
            operation["x-scope"] = route.Needs.Scope is { } scope ? AccessWords.Of(scope) : null;
        }
        return operation;
    }

    private static string DetailsOf(Route route)
    {
        var words = new List<string>();
        if (route.Details.Length > 0)
        {
            words.Add(route.Details);
        }
        if (!route.Needs.IsForAnybody)
        {
            var scope = route.Needs.Scope is { } known ? $" and, of a token, the scope `{AccessWords.Of(known)}`" : "";
            var jobs = route.Needs.Jobs == JobRule.All ? " It is not for tokens that are limited to jobs." : "";
            words.Add($"Needs the role `{AccessWords.Of(route.Needs.Role!.Value)}`{scope}.{jobs}");
        }
        return string.Join("\n\n", words);
    }

    private static JsonArray ParametersOf(Route route)
    {
        var parameters = new JsonArray();
        foreach (var part in route.Path.Split('/').Where(part => part.StartsWith('{')))
        {
            parameters.Add((JsonNode)Parameter(part.Trim('{', '}'), "path", "string", null, null));
        }
        foreach (var query in route.Query)
        {
            parameters.Add((JsonNode)Parameter(query.Name, "query", query.Type, query.About, query.Example));
        }
        if (route.BeginsRun)
        {
            parameters.Add((JsonNode)Parameter(
                "Idempotency-Key",
                "header",
                "string",
                "Repeating the request with the same key within a day begins nothing twice.",
                "nightly-42"));
            parameters.Add((JsonNode)Parameter(
                "Prefer", "header", "string", "`wait=30` answers when the run has ended, or after so many seconds.", "wait=30"));
        }
        return parameters;
    }

    private static JsonObject Parameter(string name, string place, string type, string? about, string? example)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["required"] = place == "path" };
        if (about is not null)
        {
            parameter["description"] = about;
        }
        parameter["schema"] = new JsonObject { ["type"] = type };
        if (example is not null)
        {
            parameter["example"] = type == "string" ? JsonValue.Create(example) : JsonNode.Parse(example);
        }
        return parameter;
    }

    private static JsonObject ResponsesOf(Route route)
    {
        var good = new JsonObject
        {
            ["description"] = route.Status switch
            {
                201 => "Made.",
                202 => "Begun.",
                204 => "Done.",
                302 => "Elsewhere.",
                _ => "The answer.",
            },
        };
        if (route.AnswerType != "application/json")
        {
            good["content"] = new JsonObject { [route.AnswerType] = new JsonObject() };
        }
        else if (route.AnswerExample.Length > 0)
        {
            good["content"] = Content("application/json", SchemaLike(JsonNode.Parse(route.AnswerExample)), route.AnswerExample);
        }
        var responses = new JsonObject { [$"{route.Status}"] = good };
        foreach (var (status, about) in FailuresOf(route))
        {
            responses[status] = new JsonObject
            {
                ["description"] = about,
                ["content"] = new JsonObject
                {
                    ["application/problem+json"] = new JsonObject
                    {
                        ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Problem" },
                    },
                },
            };
        }
        return responses;
    }

    private static IEnumerable<(string Status, string About)> FailuresOf(Route route)
    {
        yield return ("400", "The request is not one that this call takes.");
        if (!route.Needs.IsForAnybody)
        {
            yield return ("401", "It does not say who asks, or is not believed.");
            yield return ("403", "The role, scope or jobs do not allow it.");
        }
        if (route.Path.Contains('{', StringComparison.Ordinal) || route.Body is not null)
        {
            yield return ("404", "What it names is not there.");
        }
        if (route.IsDestructive)
        {
            yield return ("409", "It is refused: pinned, the last good backup, or a second person is missing.");
            yield return ("428", "The confirmation is missing; `plan` shows what would be done.");
        }
        yield return ("429", "Too many requests; `Retry-After` says how long to wait.");
    }

    private static JsonObject Content(string type, JsonNode schema, string example) =>
        new() { [type] = new JsonObject { ["schema"] = schema, ["example"] = JsonNode.Parse(example) } };

    private static JsonNode SchemaOf(JsonTypeInfo body) => body.GetJsonSchemaAsNode(SchemaOptions);

    /// <summary>The shape of an example. What is null in it may be anything.</summary>
    private static JsonObject SchemaLike(JsonNode? example) => example switch
    {
        JsonObject properties => new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(
                [.. properties.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, SchemaLike(pair.Value)))]),
        },
        JsonArray array => new JsonObject
        {
            ["type"] = "array",
            ["items"] = array.Count > 0 ? SchemaLike(array[0]) : new JsonObject(),
        },
        JsonValue value => new JsonObject
        {
            ["type"] = value.GetValueKind() switch
            {
                JsonValueKind.Number => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer",
                JsonValueKind.String => "string",
                _ => "boolean",
            },
        },
        _ => [],
    };

    private static JsonObject ProblemSchema()
    {
        var row = ErrorTable.Row(EngineError.ConfirmationMissing);
        var example = new JsonObject
        {
            ["type"] = $"urn:larder:error:{row.Code}",
            ["title"] = "Precondition Required",
            ["status"] = row.HttpStatus,
            ["detail"] = "Nothing was changed: \"confirm\": true is missing.",
            ["code"] = row.Code,
            ["hint"] = "if the plan is what you want, repeat the request with \"confirm\": true.",
            ["trace_id"] = "0HN7K2",
        };
        var schema = SchemaLike(example);
        schema["example"] = example;
        return schema;
    }
}
