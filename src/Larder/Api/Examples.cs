namespace Larder.Api;

/// <summary>Answers as the document of the API shows them. Tests compare their keys with real ones.</summary>
internal static class Examples
{
    public const string Backup =
        """
        {"backup_id":"3f9a1c20b7d4e6f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f70","short_id":"3f9a1c20",
        "timestamp":"20241108_120000","created_at":"2024-11-08T12:00:00+01:00","job":"journal","status":"success",
        "category":"daily","description":"Pre-upgrade backup","tags":["pre-deploy"],"created_by":"ada",
        "sources":[{"name":"db","engine":"postgresql","database_name":"journal","database_host":"localhost","entries":12,
        "rows":4711}],"size_bytes":1048576,"added_bytes":20480,"duration_seconds":1.25,"git_commit":null,"git_branch":null,
        "repositories":["local"],"pinned":false,"drill":null,"filename":"journal_backup_20241108_120000.sql.gz",
        "backup_date":"2024-11-08","backup_timestamp":"2024-11-08T12:00:00","collections_count":12,"database_name":"journal",
        "database_host":"localhost"}
        """;

    public const string Run =
        """
        {"id":"0193c8d2f1a47c3e9b5d6a7f8e9d0c1b","kind":"backup","job":"journal","status":"in_progress","trigger":"api",
        "created_by":"ada","started_at":"2024-11-08T12:00:00+00:00","finished_at":null,"backup_id":null,"size_bytes":null,
        "added_bytes":null,"exit_status":null,"error":null,"progress":{"phase":"waiting","done_bytes":0,"total_bytes":0},
        "report":null}
        """;

    public const string Token =
        """
        {"id":"9f86d081884c7d65","user":"ada","name":"deployment","scopes":["read","backup"],"jobs":["journal"],
        "created_at":"2024-11-08T12:00:00+00:00","expires_at":"2025-02-06T12:00:00+00:00","used_at":null,"revoked_at":null}
        """;

    public const string User =
        """
        {"name":"ada","role":"admin","role_id":1,"created_at":"2024-11-08T12:00:00+00:00","last_login_at":null,
        "locked_until":null,"disabled_at":null,"has_password":true}
        """;

    public const string Approval =
        """
        {"id":"2c26b46b68ffc68f","action":"restore.begin","target":"journal:20241108_120000","requested_by":"ada",
        "requested_at":"2024-11-08T12:00:00+00:00","expires_at":"2024-11-08T20:00:00+00:00","approved_by":null,
        "approved_at":null}
        """;
}
