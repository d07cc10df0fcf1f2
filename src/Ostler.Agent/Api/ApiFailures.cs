using System.Text.Json;
using Ostler.Kubernetes;

namespace Ostler.Agent.Api;

/// <summary>Which exceptions say that the API server could not be reached, or said no.</summary>
internal static class ApiFailures
{
    public static bool Is(Exception e) =>
        e is ApiException or HttpRequestException or IOException or TimeoutException or InvalidDataException or JsonException;
}
