namespace Larder.Engine.Catalog;

/// <summary>What runs made, as the document that the command line prints with <c>--json</c>.</summary>
public sealed class RunReports(CatalogDatabase catalog)
{
    public void Keep(string runId, string document) => catalog.Execute(
        "INSERT OR REPLACE INTO run_reports (run_id, document) VALUES ($run_id, $document)", ("$run_id", runId), ("$document", document));

    /// <summary>Null where the run made none, has not ended, or is not known.</summary>
    public string? Find(string runId) => catalog
        .Query("SELECT document FROM run_reports WHERE run_id = $run_id", row => row.GetString(0), ("$run_id", runId))
        .FirstOrDefault();
}
