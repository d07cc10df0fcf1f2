using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;

namespace Ostler.Cli.Hosting;

/// <summary>What went wrong, in one line: which object, why, and what to do.</summary>
internal static class FailureText
{
    /// <summary>Null for what is a fault of this program.</summary>
    public static (string Text, int ExitCode)? Of(Exception failure) => failure switch
    {
        CommandException e => (e.Message, e.ExitCode),
        ApiException { IsNotFound: true } e when OfOurs(e) =>
            ($"The cluster does not have the resources of {OstlerApi.Group}. Install Ostler first (kubectl apply --server-side -k config).", ExitCode.Error),
        ApiException { IsUnauthorized: true } => ("The API server rejects the credentials of this kubeconfig. Log in again, or use another with --kubeconfig or --context.", ExitCode.Error),
        ApiException { IsForbidden: true } e => ($"{e.Message}. Request that right, or use another user with --context.", ExitCode.Error),
        ApiException e => (e.Message, ExitCode.Error),
        TimeoutException e => ($"{e.Message}. The API server is reachable, but does not answer.", ExitCode.Error),
        HttpRequestException or IOException { InnerException: SocketException } =>
            ($"The API server is unreachable: {Innermost(failure).Message}. Check that the cluster runs and that the kubeconfig (--kubeconfig, --context) names it.", ExitCode.Error),
        AuthenticationException e => ($"The API server's certificate is not trusted: {e.Message}", ExitCode.Error),
        JsonException e => ($"The cluster has an object that this version cannot read ({JsonErrorText.Of(e)}). Use the kubectl-ostler of "
            + $"the installed version.", ExitCode.Error),
        UnauthorizedAccessException or IOException => (failure.Message, ExitCode.Error),
        _ => null,
    };

    // The server answers 404 with a page, or a status that names no object, when it does not know the resource at all.
    private static bool OfOurs(ApiException e) => e.Message.Contains(OstlerApi.GroupVersion, StringComparison.Ordinal) && e.Status?.Details?.Name is null or "";

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
