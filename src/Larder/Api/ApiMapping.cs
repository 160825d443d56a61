using Larder.Api.Document;
using Larder.Auth;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Larder.Api;

/// <summary>Puts the API into the web application of the service.</summary>
internal static class ApiMapping
{
    /// <summary>Every call there is.</summary>
    public static IReadOnlyList<Route> Routes { get; } =
    [
        .. SystemRoutes.All,
        .. InstallationRoutes.All,
        .. ConfigurationRoutes.All,
        .. SessionRoutes.All,
        .. SignInRoutes.All,
        .. MonitorRoutes.All,
        .. JobRoutes.All,
        .. BackupRoutes.All,
        .. ContentRoutes.All,
        .. RestoreRoutes.All,
        .. ProofRoutes.All,
        .. RunRoutes.All,
        .. ScheduleRoutes.All,
        .. RepositoryRoutes.All,
        .. UserRoutes.All,
        .. TokenRoutes.All,
        .. AuditRoutes.All,
        .. SeedRoutes.All,
        .. DocumentRoutes.All,
        .. OwnerPage.All,
    ];

    /// <summary>
    /// Maps every route, and puts before all routes of the application what looks at who asks: a route that does not say what it needs lets
    /// nobody in. Call it before other routes are mapped.
    /// </summary>
    /// <param name="app">Built, not started.</param>
    /// <param name="services">Disposed by the caller, after the application.</param>
    public static void MapApi(this WebApplication app, ApiServices services)
    {
        var execution = new RouteExecution(services, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Larder.Api"));
        app.Use((context, next) => execution.GuardAsync(context, next));
        app.Use((context, next) => SecurityHeaders.AddAsync(context, next));
        app.Use((context, next) => TrustedProxy.ReadAsync(() => services.Configuration, context, next));
        app.UseRouting();
        app.Use((context, next) => services.Gate.PassAsync(context, next));
        foreach (var route in Routes)
        {
            app.MapMethods(route.Path, [route.Method], context => execution.RunAsync(context, route)).WithMetadata(route.Needs, route);
        }
    }
}
