using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Larder.Auth;
using Larder.Engine.Errors;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>One request on its way through a route.</summary>
internal sealed class ApiCall(HttpContext context, Route route, ApiServices services)
{
    private const int LimitMax = 1000;
    private const int LimitByDefault = 100;
    private const int NameLengthMax = 300;

    private string? bodyText;

    public HttpContext Context => context;

    public Route Route => route;

    public ApiServices Services => services;

    /// <summary>What the audit log notes as the target of a call that fails, where the address alone does not say it.</summary>
    public string? About { get; set; }

    public CancellationToken Cancelled => context.RequestAborted;

    /// <summary>Who asks. Only where the route is not for anybody.</summary>
    public Caller Caller => context.Features.Get<Caller>()
        ?? throw new LarderException(EngineError.NotAuthenticated, "Nobody is logged in, and the request brings no token.");

    /// <summary>The same; null for a stranger.</summary>
    public Caller? CallerOrNull => context.Features.Get<Caller>();

    /// <summary>The body as it came; empty before <see cref="BodyAsync"/>.</summary>
    public string BodyText => bodyText ?? "";

    public (int Limit, int Offset) Paging => (Number("limit", LimitByDefault, 1, LimitMax), Number("offset", 0, 0, int.MaxValue));

    /// <summary>A part of the address. What no name can be is refused here, whatever it would be used for.</summary>
    public string Part(string name)
    {
        var value = context.Request.RouteValues[name] as string ?? "";
        return value.Length is > 0 and <= NameLengthMax && !value.Any(char.IsControl)
            ? value
            : throw new LarderException(EngineError.UsageInvalid, $"The address has no usable {{{name}}}.");
    }

    public string? Query(string name)
    {
        var values = context.Request.Query[name];
        return values.Count switch
        {
            0 => null,
            1 when values[0] is { Length: > 0 and <= 1000 } value && !value.Contains('\0', StringComparison.Ordinal) => value,
            _ => throw new LarderException(EngineError.UsageInvalid, $"\"{name}\" stands once, and is not empty."),
        };
    }

    public bool Flag(string name) => Query(name) switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw new LarderException(EngineError.UsageInvalid, $"\"{name}\" is true or false."),
    };

    /// <exception cref="LarderException"><see cref="EngineError.UsageInvalid"/>: the body is not what this call takes.</exception>
    public async Task<T> BodyAsync<T>(JsonTypeInfo<T> type)
        where T : class
    {
        if (context.Request.ContentType is { } given && !given.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw new LarderException(EngineError.UsageInvalid, "A body is application/json.");
        }
        using var reader = new StreamReader(context.Request.Body, new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true));
        try
        {
            bodyText = await reader.ReadToEndAsync(Cancelled);
            if (bodyText.Length == 0 && route.BodyMayBeEmpty)
            {
                bodyText = "{}";
            }
            if (bodyText.Length > 0 && context.Request.ContentType is null && bodyText != "{}")
            {
                throw new LarderException(EngineError.UsageInvalid, "A body is application/json.");
            }
            return JsonSerializer.Deserialize(bodyText, type)
                ?? throw new LarderException(EngineError.UsageInvalid, "The body is null, and an object is wanted.");
        }
        catch (JsonException e)
        {
            throw new LarderException(EngineError.UsageInvalid, Complaint(e), e);
        }
        catch (System.Text.DecoderFallbackException e)
        {
            throw new LarderException(EngineError.UsageInvalid, "The body is not UTF-8.", e);
        }
    }

    /// <summary>The address of this request with another value in its query.</summary>
    public string AddressWith(string name, string value)
    {
        var query = context.Request.Query.Where(pair => pair.Key != name)
            .SelectMany(pair => pair.Value.Select(one => KeyValuePair.Create(pair.Key, one)))
            .Append(KeyValuePair.Create(name, (string?)value));
        return context.Request.Path + QueryString.Create(query).ToUriComponent();
    }

    // Which key it is about helps; what stood there is not repeated, it may be a password.
    private static string Complaint(JsonException e) => e.Path is { Length: > 1 } path
        ? $"The body is not what this call takes, at {new string([.. path.Take(100).Where(letter => !char.IsControl(letter))])}."
        : e.Message.Contains("missing required", StringComparison.Ordinal)
            ? $"The body lacks what this call needs: {e.Message[(e.Message.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim(' ', '.')}."
            : "The body is not the JSON that this call takes.";

    private int Number(string name, int fallback, int least, int most) => Query(name) switch
    {
        null => fallback,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            && number <= most => number,
        _ => throw new LarderException(EngineError.UsageInvalid, $"\"{name}\" is a whole number from {least} to {most}."),
    };
}
