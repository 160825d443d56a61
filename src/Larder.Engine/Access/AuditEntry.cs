using System.Security.Cryptography;
using System.Text.Json;

namespace Larder.Engine.Access;

/// <summary>What somebody did or tried.</summary>
public sealed record AuditEvent
{
    /// <summary>The user, or a word for who is none: <c>anonymous</c>, <c>system</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>By which way they came: <c>session</c>, <c>token ID</c>, <c>jwt</c>, <c>oidc</c>, <c>proxy</c>, <c>cli</c>.</summary>
    public required string Way { get; init; }

    /// <summary>From which address; empty for the command line.</summary>
    public string Address { get; init; } = "";

    /// <summary>Such as <c>backup.create</c>, <c>login</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to; empty where that is nothing in particular.</summary>
    public string Target { get; init; } = "";

    public required AuditOutcome Outcome { get; init; }

    /// <summary>A few words more.</summary>
    public string Details { get; init; } = "";
}

public enum AuditOutcome
{
    Done,
    Refused,
    Failed,
}

/// <summary>A line of the audit log. Each holds the hash of the one before, so none can be changed or taken out unnoticed.</summary>
public sealed record AuditEntry
{
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    public required AuditEvent What { get; init; }

    /// <summary>The hash of the entry before; 64 zeros for the first.</summary>
    public required string Previous { get; init; }

    public required string Hash { get; init; }

    /// <summary>SHA-256 of the fields as a JSON array, which keeps them apart whatever is in them.</summary>
    internal static string HashOf(string previous, long number, string at, AuditEvent what)
    {
        var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            json.WriteStringValue(previous);
            json.WriteNumberValue(number);
            foreach (var field in new[]
            {
                at, what.Actor, what.Way, what.Address, what.Action, what.Target, what.Outcome.ToString(), what.Details,
            })
            {
                json.WriteStringValue(field);
            }
            json.WriteEndArray();
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }
}

/// <summary>Whether the log is as it was written.</summary>
/// <param name="Entries">How many were looked at.</param>
/// <param name="Head">The hash of the last: noted elsewhere, it proves later that nothing before it was changed.</param>
/// <param name="BrokenAt">The number of the first entry that does not fit; null where all do.</param>
/// <param name="Complaint">A whole sentence; null where all fits.</param>
public sealed record AuditVerdict(long Entries, string Head, long? BrokenAt, string? Complaint)
{
    public bool IsWhole => Complaint is null;
}
