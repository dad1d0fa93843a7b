# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	%D%/quickstart/README.md \
	%D%/quickstart/app.env \
	%D%/quickstart/demo.sh \
	%D%/quickstart/healthy \
	%D%/quickstart/lockstep.conf \
	%D%/quickstart/ping \
	%D%/quickstart/reload \
	%D%/quickstart/service \
	%D%/quickstart/web.env
