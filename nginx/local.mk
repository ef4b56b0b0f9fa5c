# nginx/local.mk - templates and the script which fills them

nginxdir = $(pkgdatadir)/nginx

dist_nginx_DATA = \
	nginx/api.conf.in \
	nginx/compression.conf.in \
	nginx/error-texts.conf.in \
	nginx/errors.conf.in \
	nginx/fastcgi.conf.in \
	nginx/flood.conf.in \
	nginx/headers.conf.in \
	nginx/http.conf.in \
	nginx/limits.conf.in \
	nginx/logging.conf.in \
	nginx/maps.conf.in \
	nginx/nginx.conf.in \
	nginx/proxy.conf.in \
	nginx/realip.conf.in \
	nginx/site.conf.in \
	nginx/upstreams.conf.in \
	nginx/vhost.conf.in

dist_nginx_SCRIPTS = nginx/render.sh
