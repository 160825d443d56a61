using System.Text.Json.Nodes;

namespace Larder.Engine.Access;

/// <summary>Users, tokens and the audit log as <c>--json</c> and the API show them. No secret is among what is written.</summary>
public static class AccessJson
{
    public static JsonObject Of(User user) => new()
    {
        ["name"] = user.Name,
        ["role"] = EnumWord.Of(user.Role),
        ["role_id"] = (int)user.Role,
        ["created_at"] = user.CreatedAt,
        ["last_login_at"] = user.LastLoginAt,
        ["locked_until"] = user.LockedUntil,
        ["disabled_at"] = user.DisabledAt,
        ["has_password"] = user.HasPassword,
    };

    public static JsonObject Of(ApiToken token) => new()
    {
        ["id"] = token.Id,
        ["user"] = token.User,
        ["name"] = token.Name,
        ["scopes"] = Texts(token.Scopes.Select(EnumWord.Of)),
        ["jobs"] = token.Jobs is { } jobs ? Texts(jobs) : null,
        ["created_at"] = token.CreatedAt,
        ["expires_at"] = token.ExpiresAt,
        ["used_at"] = token.UsedAt,
        ["revoked_at"] = token.RevokedAt,
    };

    /// <summary>The token with its secret: the only time that it is shown.</summary>
    public static JsonObject Of(ApiToken token, string secret)
    {
        var document = Of(token);
        document["token"] = secret;
        return document;
    }

    public static JsonObject Of(Approval approval) => new()
    {
        ["id"] = approval.Id,
        ["action"] = approval.Action,
        ["target"] = approval.Target,
        ["requested_by"] = approval.RequestedBy,
        ["requested_at"] = approval.RequestedAt,
        ["expires_at"] = approval.ExpiresAt,
        ["approved_by"] = approval.ApprovedBy,
        ["approved_at"] = approval.ApprovedAt,
    };

    public static JsonObject Of(AuditEntry entry) => new()
    {
        ["number"] = entry.Number,
        ["at"] = entry.At,
        ["actor"] = entry.What.Actor,
        ["way"] = entry.What.Way,
        ["address"] = entry.What.Address,
        ["action"] = entry.What.Action,
        ["target"] = entry.What.Target,
        ["outcome"] = EnumWord.Of(entry.What.Outcome),
        ["details"] = entry.What.Details,
        ["hash"] = entry.Hash,
    };

    public static JsonObject Of(AuditVerdict verdict) => new()
    {
        ["whole"] = verdict.IsWhole,
        ["entries"] = verdict.Entries,
        ["head"] = verdict.Head,
        ["broken_at"] = verdict.BrokenAt,
        ["complaint"] = verdict.Complaint,
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);
}
