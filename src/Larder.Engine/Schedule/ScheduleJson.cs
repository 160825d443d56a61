using System.Text.Json.Nodes;

namespace Larder.Engine.Schedule;

/// <summary>What comes next as <c>schedule status --json</c> and the API show it.</summary>
public static class ScheduleJson
{
    /// <param name="due">Null where it never comes.</param>
    public static JsonObject Of(Recurrence recurrence, DateTimeOffset? due) => new()
    {
        ["job"] = recurrence.Job,
        ["kind"] = recurrence.Kind.ToString().ToLowerInvariant(),
        ["cron"] = recurrence.Cron.Text,
        ["time_zone"] = recurrence.Zone.Id,
        ["only"] = new JsonArray([.. recurrence.Only.Select(name => (JsonNode?)JsonValue.Create(name))]),
        ["due"] = due,
    };
}
