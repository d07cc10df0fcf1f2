using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Ostler.Kubernetes.Client;

namespace Ostler.Agent.Cluster;

/// <summary>Which exceptions say that the API server could not be reached, or said no.</summary>
internal static class ApiFailures
{
    /// <summary>The failure with its causes: HTTP's own message mostly says no more than that there is one.</summary>
    public static string Describe(Exception failure)
    {
        var message = failure.Message;
        for (var cause = failure.InnerException; cause is not null; cause = cause.InnerException)
        {
            message += $" ({cause.Message})";
        }

        return message;
    }

    /// <remarks>HTTP and sockets only: an IOException of any other origin is one of this machine's files.</remarks>
    public static bool Is(Exception e) =>
        e is ApiException or HttpRequestException or HttpIOException or TimeoutException or InvalidDataException or JsonException
        || (e is IOException && e.InnerException is SocketException or HttpIOException or AuthenticationException);
}
