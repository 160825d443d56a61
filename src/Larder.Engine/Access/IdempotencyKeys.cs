using Larder.Engine.Catalog;
using Larder.Engine.Errors;

namespace Larder.Engine.Access;

/// <summary>
/// Keys by which a program may repeat a request without doing it twice: it did not hear the answer, say. They are in the catalog, so a
/// restart forgets none.
/// </summary>
public sealed class IdempotencyKeys(CatalogDatabase catalog)
{
    public const int LengthMax = 200;

    public static readonly TimeSpan Lasts = TimeSpan.FromHours(24);

    /// <summary>Notes the key for a run that is about to begin, or finds the run that it began before.</summary>
    /// <returns>Null where the key is new; otherwise the id of the run of the first request.</returns>
    /// <exception cref="LarderException"><see cref="EngineError.IdempotencyConflict"/>: it was used for another request.</exception>
    public string? Claim(string caller, string key, string request, string runId) => catalog.InTransaction(() =>
    {
        var now = catalog.Clock.GetUtcNow();
        catalog.Execute("DELETE FROM idempotency_keys WHERE created_at < $old", ("$old", CatalogDatabase.Text(now - Lasts)));
        var found = catalog.Query(
            "SELECT request_hash, run_id FROM idempotency_keys WHERE caller = $caller AND key = $key",
            row => (Request: row.GetString(0), RunId: row.GetString(1)),
            ("$caller", caller),
            ("$key", key));
        var hash = AccessSecret.HashOf(request);
        if (found is [var before])
        {
            return before.Request == hash
                ? before.RunId
                : throw new LarderException(EngineError.IdempotencyConflict, "This Idempotency-Key was used for another request before.");
        }
        catalog.Execute(
            """
            INSERT INTO idempotency_keys (caller, key, request_hash, run_id, created_at)
            VALUES ($caller, $key, $request_hash, $run_id, $now)
            """,
            ("$caller", caller),
            ("$key", key),
            ("$request_hash", hash),
            ("$run_id", runId),
            ("$now", CatalogDatabase.Text(now)));
        return null;
    });

    /// <summary>Gives a key back whose request was refused before anything began.</summary>
    public void Release(string caller, string key, string runId) => catalog.Execute(
        "DELETE FROM idempotency_keys WHERE caller = $caller AND key = $key AND run_id = $run_id",
        ("$caller", caller),
        ("$key", key),
        ("$run_id", runId));
}
