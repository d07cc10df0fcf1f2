using System.Globalization;
using System.Net;
using System.Text;
using Polly.CircuitBreaker;
using Polly.Registry;
using Polly.Timeout;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>The server's fault, or that of the way to it: worth another try. Carries the server's words.</summary>
internal sealed class TransientHttpException(string message) : Exception(message);
