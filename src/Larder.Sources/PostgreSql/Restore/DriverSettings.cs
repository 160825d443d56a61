using Npgsql;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// What libpq's settings for passwords and TLS are called by the driver. It finds <c>.pgpass</c> by itself. Where libpq would encrypt if
/// the server can, so does the driver.
/// </summary>
internal static class DriverSettings
{
    public static void Apply(PostgreSqlConnection connection, NpgsqlConnectionStringBuilder settings)
    {
        settings.Password = connection.Password ?? Environment.GetEnvironmentVariable("PGPASSWORD");
        settings.Passfile = connection.Get("passfile", "PGPASSFILE");
        settings.SslMode = connection.Get("sslmode", "PGSSLMODE") switch
        {
            "disable" => SslMode.Disable,
            "allow" => SslMode.Allow,
            "require" => SslMode.Require,
            "verify-ca" => SslMode.VerifyCA,
            "verify-full" => SslMode.VerifyFull,
            _ => SslMode.Prefer,
        };
        settings.RootCertificate = connection.Get("sslrootcert", "PGSSLROOTCERT");
        settings.SslCertificate = connection.Get("sslcert", "PGSSLCERT");
        settings.SslKey = connection.Get("sslkey", "PGSSLKEY");
    }
}
