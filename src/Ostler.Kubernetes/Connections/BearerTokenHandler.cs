using System.Net;
using System.Net.Http.Headers;

namespace Ostler.Kubernetes.Connections;

/// <summary>Adds the token that is current at the time of each request.</summary>
internal sealed class BearerTokenHandler(TokenFile file) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var token = file.Read();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            file.Refused(token);
        }
        return response;
    }
}
